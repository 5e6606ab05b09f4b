import type { RefObject } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { EventRecord } from "../../recorder/frames.js";
import { clockText, pixels, shorten } from "./format.js";
import { type Arrow, arrowsWithin, PAUSE_HEIGHT, type Sequence, sequenceOf } from "./sequence.js";
import { type Lines, lineAt, SequenceArrow } from "./sequence-arrow.js";
import { useViewport } from "./use-viewport.js";
import "./sequence-view.css";

/** Pixels left of the first actor's column, and right of the last one's. */
const GUTTER = 108;
const RIGHT = 40;
/** Pixels between the lines of two actors: as many as there is room for. */
const COLUMN = { least: 112, most: 220 } as const;
/** Pixels of a letter of an actor's id, and around it. */
const LETTER = 6.8;
const PADDING = 22;
/** Pixels above and below what is in view that are drawn, too. */
const AROUND = 200;
/** Pixels: a reader as near to the end follows what is new. */
const NEAR = 24;

/**
 * Follows the newest event, or keeps what is read in its place.
 *
 * @param ref what the sequence scrolls in. Read directly, because its scroll events come too late: a user who has just
 *   scrolled must not be taken back.
 */
function useFollowing(
  sequence: Sequence,
  ref: RefObject<HTMLElement | null>,
  scrollTo: (top: number) => void,
): void {
  const before = useRef<Sequence | undefined>(undefined);
  useLayoutEffect(() => {
    const last = before.current;
    const element = ref.current;
    if (last === sequence || element === null) return;
    before.current = sequence;
    const { scrollTop: top, clientHeight } = element;
    if (last === undefined || top + clientHeight >= last.height - NEAR) return scrollTo(sequence.height);
    const first = arrowsWithin(last.arrows, top, top + 1)[0];
    const next = sequence.arrows.find(({ record }) => record.n === first?.record.n);
    if (first !== undefined && next !== undefined && next.y !== first.y) scrollTo(top + next.y - first.y);
  });
}

function Row(props: {
  readonly arrow: Arrow;
  readonly sequence: Sequence;
  readonly isSelected: boolean;
  readonly onSelect: (n: number) => void;
}) {
  const { arrow, sequence, isSelected, onSelect } = props;
  const { record } = arrow;
  const top = arrow.y + (arrow.pause === undefined ? 0 : PAUSE_HEIGHT);
  const words = `${record.event}, ${sequence.actors[arrow.from]} → ${sequence.actors[arrow.to]}`;
  return (
    <button
      type="button"
      class="sequence-row"
      aria-pressed={isSelected}
      title={words}
      aria-label={`${clockText(record.at)} ${words}`}
      style={{ top: pixels(top), height: pixels(arrow.height - (top - arrow.y)) }}
      onClick={() => onSelect(record.n)}
    >
      <span>{clockText(record.at)}</span>
    </button>
  );
}

/**
 * Who sent whom what: a line for each actor, an arrow for each event, the newest at the bottom.
 *
 * @param props.records oldest first.
 * @param props.selected number of the selected record.
 */
export function SequenceView(props: {
  readonly records: readonly EventRecord[];
  readonly selected: number | undefined;
  readonly onSelect: (n: number) => void;
}) {
  const { records, selected, onSelect } = props;
  const [ref, viewport, scrollTo] = useViewport<HTMLDivElement>();
  const sequence = useMemo(() => sequenceOf(records), [records]);
  useFollowing(sequence, ref, scrollTo);

  const { actors, arrows, leftOut } = sequence;
  const fair = (viewport.width - GUTTER - RIGHT) / actors.length;
  const column = Math.floor(Math.min(COLUMN.most, Math.max(COLUMN.least, fair)));
  const width = Math.max(GUTTER + actors.length * column + RIGHT, viewport.width);
  const { left } = viewport;
  const lines: Lines = { gutter: GUTTER, column, width, left, right: left + viewport.width };
  const height = Math.max(sequence.height + 12, viewport.height - 40);
  const visible = arrowsWithin(arrows, viewport.top - AROUND, viewport.top + viewport.height + AROUND);
  return (
    <div class="sequence">
      {leftOut > 0 && (
        <p class="sequence-left-out">
          {leftOut.toLocaleString("en")} earlier {leftOut === 1 ? "event is" : "events are"} not drawn.
        </p>
      )}
      <div class="sequence-scroll" ref={ref}>
        {records.length === 0 && <p class="sequence-empty">No event to draw yet.</p>}
        <div class="sequence-actors" style={{ width: pixels(width) }}>
          {actors.map((actor, index) => (
            <span key={actor} title={actor} style={{ left: pixels(lineAt(lines, index)) }}>
              {shorten(actor, Math.floor((column - PADDING) / LETTER))}
            </span>
          ))}
        </div>
        <div class="sequence-body" style={{ width: pixels(width), height: pixels(height) }}>
          {visible.map((arrow) => (
            <Row
              key={arrow.record.n}
              arrow={arrow}
              sequence={sequence}
              isSelected={arrow.record.n === selected}
              onSelect={onSelect}
            />
          ))}
          <svg width={width} height={height} aria-hidden="true">
            <g class="sequence-lines">
              {actors.map((actor, index) => (
                <line key={actor} x1={lineAt(lines, index)} x2={lineAt(lines, index)} y1={0} y2={height} />
              ))}
            </g>
            {visible.map((arrow) => (
              <SequenceArrow key={arrow.record.n} arrow={arrow} lines={lines} />
            ))}
          </svg>
        </div>
      </div>
    </div>
  );
}
