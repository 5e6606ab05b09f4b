import { shorten } from "./shorten.js";
import { stateHue } from "./state-hue.js";

/** Pixels per character, and around the text. */
const LETTER = 6.3;
const PADDING = 8;
/** Characters that fit beside the notes of the next actors. */
const MOST = 22;

/** On an actor's line: the state that it came into. The middle of its upper edge is at `x` and `y`. */
export function StateNote(props: { readonly state: string; readonly x: number; readonly y: number }) {
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
