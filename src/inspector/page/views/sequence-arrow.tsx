import { durationText, eventLabel, shorten } from "./format.js";
import { type Arrow, PAUSE_HEIGHT } from "./sequence.js";
import { stateHue } from "./state-hue.js";

/** Where the lines of actors are, and what is in view between left and right; all in pixels. */
export interface Lines {
  /** Left of the first actor's column, for the times. */
  readonly gutter: number;
  readonly column: number;
  /** Of all columns. */
  readonly width: number;
  readonly left: number;
  readonly right: number;
}

/** Where an actor's line is. */
export const lineAt = ({ gutter, column }: Lines, actor: number): number => gutter + (actor + 0.5) * column;

/** Pixels of a letter, and of an arrow's head. */
const LETTER = 6.3;
const HEAD = 6;

interface Drawn {
  readonly arrow: Arrow;
  readonly lines: Lines;
  readonly y: number;
}

/** From an actor to another. Its name is in the middle of what can be seen of it. */
function Straight({ arrow, lines, y }: Drawn) {
  const from = lineAt(lines, arrow.from);
  const to = lineAt(lines, arrow.to);
  const direction = Math.sign(to - from);
  const left = Math.max(lines.left + lines.gutter, Math.min(from, to));
  const right = Math.min(lines.right, Math.max(from, to));
  const room = Math.floor((right - left - 16) / LETTER);
  const tip = `${to},${y} ${to - direction * HEAD},${y - 3.5} ${to - direction * HEAD},${y + 3.5}`;
  return (
    <>
      <line x1={from} x2={to - direction * HEAD} y1={y} y2={y} />
      <polygon points={tip} />
      <text x={(left + right) / 2} y={y - 4} class="is-centered">
        {shorten(eventLabel(arrow.record.event), room)}
      </text>
    </>
  );
}

/** From an actor to itself, with a clock where time set it off. */
function Loop({ arrow, lines, y }: Drawn) {
  const x = lineAt(lines, arrow.to);
  const text = x + (arrow.isTimer ? 44 : 28);
  // Nothing else is on this line: its name may cross the next actor's.
  const end = Math.min(x + 2 * lines.column, lines.width);
  const room = Math.floor((end - 4 - text) / LETTER);
  return (
    <>
      <path d={`M${x},${y - 9} h15 q5,0 5,5 q0,5 -5,5 h-9`} />
      <polygon points={`${x},${y + 1} ${x + HEAD},${y - 2.5} ${x + HEAD},${y + 4.5}`} />
      {arrow.isTimer && (
        <g class="sequence-clock">
          <circle cx={x + 33} cy={y - 4} r={5.5} />
          <path d={`M${x + 33},${y - 7.5} v3.5 l2.5,1.5`} />
        </g>
      )}
      <text x={text} y={y}>
        {shorten(eventLabel(arrow.record.event), room)}
      </text>
    </>
  );
}

/** An event on its way, what it led to, and the pause before it. */
export function SequenceArrow({ arrow, lines }: { readonly arrow: Arrow; readonly lines: Lines }) {
  const top = arrow.y + (arrow.pause === undefined ? 0 : PAUSE_HEIGHT);
  const drawn = { arrow, lines, y: top + 18 };
  return (
    <g class="sequence-arrow">
      {arrow.pause !== undefined && (
        <g class="sequence-pause">
          <line x1={lines.left + lines.gutter} x2={lines.right} y1={arrow.y + 13} y2={arrow.y + 13} />
          <text x={lines.left + 12} y={arrow.y + 17}>
            + {durationText(arrow.pause)}
          </text>
        </g>
      )}
      {arrow.from === arrow.to ? <Loop {...drawn} /> : <Straight {...drawn} />}
      {arrow.state !== undefined && (
        <StateNote state={arrow.state} x={lineAt(lines, arrow.to)} y={top + 25} />
      )}
    </g>
  );
}

/** Pixels around the text of a note. */
const PADDING = 8;
/** Characters that fit beside the notes of the next actors. */
const MOST = 22;

/** On an actor's line: the state that it came into. The middle of its upper edge is at `x` and `y`. */
function StateNote(props: { readonly state: string; readonly x: number; readonly y: number }) {
  const { state, x, y } = props;
  const text = shorten(state, MOST);
  const width = text.length * LETTER + 2 * PADDING;
  return (
    <g class="sequence-note" style={{ "--hue": stateHue(state) }}>
      <rect x={x - width / 2} y={y} width={width} height={16} rx={4} />
      <text x={x} y={y + 11.5}>
        {text}
      </text>
    </g>
  );
}
