import { useMemo } from "preact/hooks";
import type { EventRecord } from "../../recorder/frames.js";
import { clockText, durationText, pixels } from "./format.js";
import { type Lasting, type Stretch, segmentsOf, stretchesOf, totalsOf } from "./segments.js";
import { stateHue } from "./state-hue.js";
import { useViewport } from "./use-viewport.js";
import "./state-bar.css";

/** Pixels that a part of the bar has at least, a letter, and the space around a name. */
const LEAST = 2;
const LETTER = 6.6;
const PADDING = 12;

const nameOf = (state: string | undefined): string => state ?? "not known";

/** The class and the colour of a state. */
const lookOf = (states: Stretch["states"]) => {
  const [state] = states;
  if (states.length > 1) return { class: "is-mixed" };
  return state === undefined ? { class: "is-unknown" } : { style: { "--hue": stateHue(state) } };
};

function Part(props: { readonly stretch: Stretch; readonly from: number; readonly pixelsPerMs: number }) {
  const { stretch, from, pixelsPerMs } = props;
  const name = stretch.states.map(nameOf).join(", ");
  const width = (stretch.to - stretch.from) * pixelsPerMs;
  const look = lookOf(stretch.states);
  return (
    <span
      class={look.class}
      title={`${name}: ${durationText(stretch.to - stretch.from)}, from ${clockText(stretch.from)}`}
      style={{ ...look.style, left: pixels((stretch.from - from) * pixelsPerMs), width: pixels(width) }}
    >
      {width >= name.length * LETTER + PADDING ? name : ""}
    </span>
  );
}

/**
 * The states of an actor over time, and how long it was in each.
 *
 * @param props.records of this actor, oldest first.
 * @param props.from epoch milliseconds, as are `to` and `cursor`.
 * @param props.cursor the moment of the past that is shown.
 * @param props.lasting what it is in now; the same object as long as that lasts.
 */
export function StateBar(props: {
  readonly records: readonly EventRecord[];
  readonly from: number;
  readonly to: number;
  readonly cursor: number | undefined;
  readonly lasting: Lasting | undefined;
}) {
  const { records, from, to, cursor, lasting } = props;
  const [ref, { width }] = useViewport<HTMLDivElement>();
  const segments = useMemo(() => segmentsOf(records, from, to, lasting), [records, from, to, lasting]);
  const pixelsPerMs = to > from ? width / (to - from) : 0;
  const stretches = pixelsPerMs === 0 ? [] : stretchesOf(segments, LEAST / pixelsPerMs);
  const isInside = cursor !== undefined && cursor >= from && cursor <= to;
  return (
    <div class="state-bar">
      <div class="state-bar-track" ref={ref}>
        {stretches.map((stretch) => (
          <Part key={stretch.from} stretch={stretch} from={from} pixelsPerMs={pixelsPerMs} />
        ))}
        {isInside && <i style={{ left: pixels((cursor - from) * pixelsPerMs) }} />}
      </div>
      <div class="state-bar-times">
        <time>{clockText(from)}</time>
        <time>{clockText(to)}</time>
      </div>
      <ul>
        {totalsOf(segments).map(([state, ms]) => (
          <li key={nameOf(state)} {...lookOf([state])}>
            {nameOf(state)} <b>{durationText(ms)}</b>
          </li>
        ))}
      </ul>
    </div>
  );
}
