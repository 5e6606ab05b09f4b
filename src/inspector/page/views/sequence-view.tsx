import type { RefObject } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { EventRecord } from "../../recorder/frames.js";
import { clockText, pixels, shorten } from "./format.js";
import { type Arrow, PAUSE_HEIGHT, type Sequence, sequenceOf, within } from "./sequence.js";
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
    const first = within(last.arrows, top, top + 1)[0];
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

/** Properties of {@link SequenceView}. */
interface SequenceViewProps {
  /** Oldest first. */
  readonly records: readonly EventRecord[];
  /** Id of the selected actor. */
  readonly actor: string | undefined;
  /** Number of the selected record. */
  readonly selected: number | undefined;
  readonly onSelect: (n: number) => void;
}

/**
 * Who sent whom what: a line for each actor, an arrow for each event, the newest at the bottom.
 */
export function SequenceView({ records, actor, selected, onSelect }: SequenceViewProps) {
  const [isFolded, setFolded] = useState(true);
  const [ref, viewport, scrollTo] = useViewport<HTMLDivElement>();
  const sequence = useMemo(
    () => sequenceOf(records, { selected: actor, isFolded }),
    [records, actor, isFolded],
  );
  useFollowing(sequence, ref, scrollTo);

  const { actors, arrows, folds, leftOut } = sequence;
  const fair = (viewport.width - GUTTER - RIGHT) / actors.length;
  const column = Math.floor(Math.min(COLUMN.most, Math.max(COLUMN.least, fair)));
  const width = Math.max(GUTTER + actors.length * column + RIGHT, viewport.width);
  const { left } = viewport;
  const lines: Lines = { gutter: GUTTER, column, width, left, right: left + viewport.width };
  const height = Math.max(sequence.height + 12, viewport.height - 40);
  const top = viewport.top - AROUND;
  const bottom = viewport.top + viewport.height + AROUND;
  const visible = within(arrows, top, bottom);
  return (
    <div class="sequence">
      <div class="sequence-tools">
        <label title="Heartbeats, and the starts of actors, are one line where they follow each other">
          <input
            type="checkbox"
            checked={isFolded}
            onChange={({ currentTarget }) => setFolded(currentTarget.checked)}
          />
          fold repetitions
        </label>
        {leftOut > 0 && (
          <span>
            {leftOut.toLocaleString("en")} earlier {leftOut === 1 ? "event is" : "events are"} not drawn.
          </span>
        )}
      </div>
      <div class="sequence-scroll" ref={ref}>
        {records.length === 0 && <p class="sequence-empty">No event to draw yet.</p>}
        <div class="sequence-actors" style={{ width: pixels(width) }}>
          {actors.map((id, index) => (
            <span
              key={id}
              title={id}
              class={id === actor ? "is-selected" : undefined}
              style={{ left: pixels(lineAt(lines, index)) }}
            >
              {shorten(id, Math.floor((column - PADDING) / LETTER))}
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
          {within(folds, top, bottom).map((fold) => (
            <p
              key={fold.n}
              class="sequence-fold"
              style={{
                top: pixels(fold.y),
                left: pixels(left),
                width: pixels(viewport.width),
                height: pixels(fold.height),
              }}
            >
              <span>{clockText(fold.at)}</span>
              {fold.text}
            </p>
          ))}
          <svg width={width} height={height} aria-hidden="true">
            <g class="sequence-lines">
              {actors.map((id, index) => (
                <line key={id} x1={lineAt(lines, index)} x2={lineAt(lines, index)} y1={0} y2={height} />
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
