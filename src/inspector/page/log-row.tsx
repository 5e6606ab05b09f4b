import { isSameState, stateText } from "../chart/state-value.js";
import type { EventRecord, StateValue } from "../recorder/frames.js";
import type { Entry, GapEntry, RecordEntry } from "./history.js";
import { isFailure, nameOf } from "./log-filter.js";
import { clockText, durationText } from "./views/format.js";

interface LogRowProps {
  readonly entry: Entry;
  readonly isSelected: boolean;
  /** It is later than the moment of the past that is shown. */
  readonly isLater: boolean;
  readonly onSelect: () => void;
  readonly onTravel: () => void;
}

/** One line of the log. */
export function LogRow({ entry, isSelected, isLater, onSelect, onTravel }: LogRowProps) {
  if (entry.kind === "gap") return <GapRow entry={entry} />;
  const { record } = entry;
  const tone = isFailure(record) ? "failed" : record.kind;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list that it is an option of has the keys
    <div
      role="option"
      id={`record-${entry.n}`}
      tabIndex={-1}
      aria-selected={isSelected}
      class={`log-row of-${tone} ${isSelected ? "selected" : ""} ${isLater ? "later" : ""}`}
      onClick={onSelect}
      onDblClick={onTravel}
    >
      <span class="log-time">{clockText(record.at)}</span>
      <Way entry={entry} />
      <span class="log-event" title={nameOf(record)}>
        {nameOf(record)}
      </span>
      <Result entry={entry} />
    </div>
  );
}

function GapRow({ entry }: { readonly entry: GapEntry }) {
  const total = Object.values(entry.counts).reduce((sum, count) => sum + count, 0);
  return (
    <div class="log-gap" role="presentation">
      <span>{total.toLocaleString("en")} more were not recorded</span>
    </div>
  );
}

function Way({ entry: { record } }: { readonly entry: RecordEntry }) {
  switch (record.kind) {
    case "event":
      return (
        <span class="log-way">
          <span class="log-sender">{record.sender ?? "outside"}</span>
          <span class="log-arrow"> → </span>
          <span>{record.actor}</span>
        </span>
      );
    case "request":
      return <span class="log-way">{`queue.${record.queue}`}</span>;
    case "error":
      return <span class="log-way">{record.actor ?? "worker process"}</span>;
  }
}

function Result({ entry: { record, before } }: { readonly entry: RecordEntry }) {
  switch (record.kind) {
    case "event":
      return (
        <>
          <StateChange before={before} after={record.state} />
          <span class="log-outcome">{outcomeOf(record)}</span>
        </>
      );
    case "request":
      return (
        <>
          <span class="log-state">{record.route}</span>
          <span class="log-outcome">
            {record.status} · {durationText(record.endedAt - record.arrivedAt)}
          </span>
        </>
      );
    case "error":
      return (
        <span class="log-message" title={record.message}>
          {record.message}
        </span>
      );
  }
}

function outcomeOf({ status, edges, event }: EventRecord): string {
  if (status === "error") return "died";
  if (status === "done") return "done";
  if (status === "stopped" || event === "xstate.stop") return "stopped";
  if (event === "xstate.init") return "started";
  return edges.length > 1 ? `${edges.length} edges` : "";
}

interface StateChangeProps {
  readonly before: StateValue | undefined;
  readonly after: StateValue | undefined;
}

/** The state after an event, and the one before it where it was another. */
export function StateChange({ before, after }: StateChangeProps) {
  const isChange = before !== undefined && !isSameState(before, after);
  const text = isChange ? `${stateText(before)} → ${stateText(after)}` : stateText(after);
  return (
    <span class={isChange ? "log-state changed" : "log-state"} title={text}>
      {isChange ? (
        <>
          {stateText(before)} → <b>{stateText(after)}</b>
        </>
      ) : (
        text
      )}
    </span>
  );
}
