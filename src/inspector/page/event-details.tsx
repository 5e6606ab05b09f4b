import type { EventRecord, SafeValue } from "../recorder/frames.js";
import { type Change, difference } from "./difference.js";
import type { RecordEntry } from "./history.js";
import { useInspector } from "./inspector.js";
import { StateChange } from "./log-row.js";

/** An event's payload, and the changes that it caused. */
export function EventDetails({
  entry,
  record,
}: {
  readonly entry: RecordEntry;
  readonly record: EventRecord;
}) {
  const inspector = useInspector();
  const { history } = inspector.store;
  const before = history.contextOf(record.ref, record.n - 1);
  return (
    <>
      <dl>
        <dt>from</dt>
        <dd>{record.sender ?? "outside of all actors"}</dd>
        <dt>to</dt>
        <dd>
          <button type="button" class="link" onClick={() => inspector.selectActor(record.ref)}>
            {record.actor}
          </button>
        </dd>
        {record.state !== undefined && (
          <>
            <dt>state</dt>
            <dd>
              <StateChange before={entry.before} after={record.state} />
            </dd>
          </>
        )}
        {record.status !== "active" && (
          <>
            <dt>status</dt>
            <dd>{record.status}</dd>
          </>
        )}
      </dl>
      <h3>Event</h3>
      <ValueView value={record.payload} />
      <h3>Context</h3>
      {record.context === undefined ? (
        <p class="muted">the same as before</p>
      ) : before === undefined ? (
        <>
          <p class="muted">the one before is not known</p>
          <ValueView value={record.context} open={1} />
        </>
      ) : (
        <>
          <Changes changes={difference(before, record.context)} />
          <ValueView name="all of it" value={record.context} open={0} />
        </>
      )}
    </>
  );
}

function Changes({ changes }: { readonly changes: readonly Change[] }) {
  if (changes.length === 0) return <p class="muted">nothing in it differs</p>;
  return (
    <ul class="changes">
      {changes.map((change) => (
        <li key={change.path} class={`change change-${change.kind}`}>
          <span class="change-path">{change.path === "" ? "all" : change.path}</span>
          {change.kind !== "added" && (
            <del>
              <Leaf value={change.before} />
            </del>
          )}
          {change.kind !== "removed" && (
            <ins>
              <Leaf value={change.after} />
            </ins>
          )}
        </li>
      ))}
    </ul>
  );
}

interface ValueViewProps {
  readonly value: SafeValue;
  readonly name?: string;
  /** Levels that are unfolded at first. */
  readonly open?: number;
}

/** Plain data to be read, unfolded and copied. */
export function ValueView({ value, name, open = 2 }: ValueViewProps) {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) {
    return (
      <div class="value">
        <Name name={name} />
        <Leaf value={value} />
      </div>
    );
  }
  const entries: readonly (readonly [string, SafeValue])[] = Object.entries(value);
  return (
    <details class="value" open={open > 0}>
      <summary>
        <Name name={name} />
        <span class="value-size">{Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`}</span>
      </summary>
      <div class="value-inner">
        {entries.map(([key, inner]) => (
          <ValueView key={key} name={key} value={inner} open={open - 1} />
        ))}
      </div>
    </details>
  );
}

/** A value in one line. */
function Leaf({ value }: { readonly value: SafeValue }) {
  const kind = value === null ? "null" : typeof value;
  return <span class={`leaf leaf-${kind}`}>{JSON.stringify(value)}</span>;
}

function Name({ name }: { readonly name: string | undefined }) {
  return name === undefined ? null : <span class="value-name">{name}</span>;
}
