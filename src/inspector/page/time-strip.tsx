import { useCallback, useMemo } from "preact/hooks";
import type { EventRecord } from "../recorder/frames.js";
import type { Entry } from "./history.js";
import { useInspector, useSelection } from "./inspector.js";
import { clockText, durationText } from "./views/format.js";
import { StateBar } from "./views/state-bar.js";
import "./time-strip.css";

/** How many of the actor's events the bar is drawn from. */
const BAR_EVENTS = 2000;

/** The past that is kept, from left to right: what the selected actor was in, and a slider to look back with. */
export function TimeStrip() {
  const inspector = useInspector();
  const { store } = inspector;
  const { history } = store;
  const { entries } = history;
  store.version.value;
  const first = entries.at(entries.start);
  const last = entries.at(entries.end - 1);
  const cursor = store.cursor.value;
  if (first === undefined || last === undefined) return <footer class="strip" />;
  const at = store.past.value?.at;
  const from = first.at;
  const to = Math.max(store.at.value, last.at, from + 1);

  const seek = (time: number): void => {
    const entry = entries.at(Math.max(history.positionAt(time), entries.start));
    if (time >= to - 1 || entry === undefined) inspector.returnToNow();
    else inspector.travel(entry.n);
  };
  return (
    <footer class="strip">
      <div class="strip-buttons">
        <button type="button" onClick={() => inspector.step(-1)} aria-label="One record back" title="[">
          ‹
        </button>
        <button
          type="button"
          onClick={() => inspector.step(1)}
          disabled={cursor === undefined}
          aria-label="One record on"
          title="]"
        >
          ›
        </button>
        <button
          type="button"
          class={cursor === undefined ? "live" : ""}
          disabled={cursor === undefined}
          onClick={() => inspector.returnToNow()}
          title="Escape"
        >
          Now
        </button>
        <p class="strip-length">
          {(entries.end - entries.start).toLocaleString("en")} records, {durationText(to - from)}
        </p>
      </div>
      <div class="strip-track">
        <input
          type="range"
          aria-label="Look back"
          data-testid="time-slider"
          min={0}
          max={to - from}
          step={1}
          value={(at ?? to) - from}
          onInput={({ currentTarget }) => seek(from + currentTarget.valueAsNumber)}
          onKeyDown={(event) => {
            const by = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : undefined;
            if (by === undefined) return;
            event.preventDefault();
            inspector.step(by);
          }}
        />
        <ActorBar from={from} to={to} cursor={at} />
      </div>
    </footer>
  );
}

interface ActorBarProps {
  readonly from: number;
  readonly to: number;
  readonly cursor: number | undefined;
}

function ActorBar({ from, to, cursor }: ActorBarProps) {
  const { actor } = useInspector();
  const ref = actor.value?.ref;
  const test = useCallback(
    (entry: Entry): boolean =>
      entry.kind === "record" && entry.record.kind === "event" && entry.record.ref === ref,
    [ref],
  );
  const selection = useSelection(test);
  const key = `${selection.first} ${selection.length}`;
  const records = useMemo(
    () =>
      selection
        .upTo(selection.length - 1, BAR_EVENTS)
        .flatMap((entry): readonly EventRecord[] =>
          entry.kind === "record" && entry.record.kind === "event" ? [entry.record] : [],
        ),
    [selection, key],
  );
  const { state, since } = actor.value ?? {};
  const lasting = useMemo(
    () => (state === undefined || since === undefined ? undefined : { state, since }),
    [state, since],
  );
  if (state === undefined) {
    return (
      <div class="strip-times">
        <span>{clockText(from)}</span>
        <span>{clockText(to)}</span>
      </div>
    );
  }
  return <StateBar records={records} from={from} to={to} cursor={cursor} lasting={lasting} />;
}
