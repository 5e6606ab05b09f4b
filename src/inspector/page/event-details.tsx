import type { EventRecord } from "../recorder/frames.js";
import { type Change, difference } from "./difference.js";
import type { RecordEntry } from "./entry.js";
import { StateChange } from "./log-row.js";
import { useInspector } from "./use-inspector.js";
import { Leaf, ValueView } from "./value-view.js";

/** What an event brought, and what it changed. */
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
