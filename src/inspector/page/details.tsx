import { Fragment } from "preact";
import type { ErrorRecord, RequestRecord } from "../recorder/frames.js";
import { Causes } from "./errors-view.js";
import { EventDetails, ValueView } from "./event-details.js";
import type { RecordEntry } from "./history.js";
import { useInspector } from "./inspector.js";
import { nameOf } from "./log-filter.js";
import { clockText, durationText } from "./views/format.js";
import "./details.css";

/** Everything about the selected record. */
export function Details() {
  const inspector = useInspector();
  const { store, record } = inspector;
  const n = record.value;
  // A record can be dropped while it is shown.
  store.version.value;
  const entry = n === undefined ? undefined : store.history.entryOf(n);
  if (n === undefined) return null;
  if (entry === undefined) return <Note text={`Record ${n} is no longer kept.`} />;
  const isCursor = store.cursor.value === n;
  return (
    <aside class="details" aria-label="Details" data-testid="details">
      <div class="details-head">
        <h2 title={nameOf(entry.record)}>{nameOf(entry.record)}</h2>
        <button
          type="button"
          disabled={isCursor}
          onClick={() => inspector.travel(n)}
          title="Enter in the log"
        >
          {isCursor ? "You are here" : "Look back to here"}
        </button>
        <CloseButton />
      </div>
      <p class="details-when">
        {clockText(entry.at)} · record {n}
      </p>
      <Body entry={entry} />
    </aside>
  );
}

function Note({ text }: { readonly text: string }) {
  return (
    <aside class="details" aria-label="Details">
      <div class="details-head">
        <p class="muted">{text}</p>
        <CloseButton />
      </div>
    </aside>
  );
}

function CloseButton() {
  const { record } = useInspector();
  return (
    <button
      type="button"
      class="icon"
      aria-label="Close the details"
      title="Escape"
      onClick={() => {
        record.value = undefined;
      }}
    >
      ×
    </button>
  );
}

function Body({ entry }: { readonly entry: RecordEntry }) {
  switch (entry.record.kind) {
    case "event":
      return <EventDetails entry={entry} record={entry.record} />;
    case "request":
      return <RequestDetails record={entry.record} />;
    case "error":
      return <ErrorDetails record={entry.record} />;
  }
}

function RequestDetails({ record }: { readonly record: RequestRecord }) {
  const { arrivedAt, admittedAt, startedAt, firstByteAt, endedAt } = record;
  const steps: readonly (readonly [string, number | undefined])[] = [
    ["admitted after", admittedAt],
    ["its turn after", startedAt],
    ["first byte after", firstByteAt],
    ["ended after", endedAt],
  ];
  return (
    <>
      <dl>
        <dt>outcome</dt>
        <dd>
          {record.outcome}, {record.status}
        </dd>
        <dt>route</dt>
        <dd>{record.route}</dd>
        <dt>queue</dt>
        <dd>{record.queue}</dd>
        {steps.map(([name, at]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{at === undefined ? "did not happen" : durationText(at - arrivedAt)}</dd>
          </Fragment>
        ))}
      </dl>
      <h3>Request</h3>
      <ValueView value={JSON.parse(JSON.stringify(record))} />
    </>
  );
}

function ErrorDetails({ record }: { readonly record: ErrorRecord }) {
  return (
    <>
      <p class="details-message">{record.message}</p>
      <Causes causes={record.causes} />
      <h3>Details</h3>
      <ValueView value={record.details} />
    </>
  );
}
