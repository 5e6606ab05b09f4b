import type { ErrorRecord } from "../recorder/frames.js";
import type { ErrorGroup } from "./error-groups.js";
import { ValueView } from "./event-details.js";
import { useInspector } from "./inspector.js";
import { clockText } from "./views/format.js";
import "./errors-view.css";

/** All that went wrong, the newest on top. It stays here when the log has scrolled past it. */
export function ErrorsView() {
  const { store } = useInspector();
  store.version.value;
  const groups = store.errors.newest();
  if (groups.length === 0) return <p class="empty">Nothing has gone wrong.</p>;
  return (
    <ul class="errors" aria-label="Errors">
      {groups.map((group) => (
        <li key={group.key}>
          <Group group={group} />
        </li>
      ))}
    </ul>
  );
}

function Group({ group: { last, count, firstAt } }: { readonly group: ErrorGroup }) {
  const inspector = useInspector();
  return (
    <details class={`error error-${last.level}`}>
      <summary>
        <span class="error-level">{last.level}</span>
        <span class="error-message">{last.message}</span>
        <span class="error-actor">{last.actor ?? ""}</span>
        <span class="error-count" title={`${count} equal ones, the first at ${clockText(firstAt)}`}>
          {count > 1 ? `× ${count.toLocaleString("en")}` : ""}
        </span>
        <span class="error-time">{clockText(last.at)}</span>
      </summary>
      <div class="error-inner">
        <Causes causes={last.causes} />
        <ValueView name="details" value={last.details} />
        <button
          type="button"
          onClick={() => {
            inspector.record.value = last.n;
            inspector.tab.value = "log";
          }}
        >
          Show in the log
        </button>
      </div>
    </details>
  );
}

/** Names, messages and stacks, from the outermost error inwards. */
export function Causes({ causes }: { readonly causes: ErrorRecord["causes"] }) {
  return (
    <ol class="causes">
      {causes.map(({ name, message, stack }, depth) => (
        <li key={`${depth} ${name}`}>
          <p>
            {depth > 0 && <span class="muted">caused by </span>}
            <b>{name}</b>: {message}
          </p>
          {stack !== undefined && <pre>{stack}</pre>}
        </li>
      ))}
    </ol>
  );
}
