import { stateText } from "../chart/state-value.js";
import type { ConnectionStatus } from "./connection.js";
import { stateAt } from "./history.js";
import { useInspector } from "./inspector.js";
import { RecordingButtons } from "./recording-buttons.js";
import { theme, toggleTheme } from "./theme.js";
import { durationText } from "./views/format.js";

/** Which worker this is, how it is, and what can be done with the page. */
export function Header() {
  const { store, now } = useInspector();
  const hello = store.hello.value;
  return (
    <header class="header">
      <h1>
        <span class="brand">tsworker</span> inspector
      </h1>
      {hello !== undefined && (
        <>
          <WorkerState />
          <span class="header-url" title="The worker's public URL">
            {hello.url}
          </span>
          <span class="fact" title="Version of tsworker">
            v{hello.version}
          </span>
          <span class="fact" title={`Started ${new Date(hello.startedAt).toLocaleString()}`}>
            up {durationText(now.value - hello.startedAt)}
          </span>
        </>
      )}
      <span class="spring" />
      <ConnectionLine />
      <PauseButton />
      <RecordingButtons />
      <button
        type="button"
        class="icon"
        onClick={toggleTheme}
        title={theme.value === "dark" ? "Light colours" : "Dark colours"}
        aria-label="Change colours"
      >
        <ThemeIcon />
      </button>
      <HelpButton />
    </header>
  );
}

function PauseButton() {
  const inspector = useInspector();
  const isPaused = inspector.store.paused.value;
  const held = inspector.store.held.value;
  return (
    <button
      type="button"
      class={isPaused ? "pressed" : ""}
      aria-pressed={isPaused}
      disabled={inspector.source.value.kind === "recording" || inspector.store.hello.value === undefined}
      onClick={() => inspector.togglePause()}
      title="Space"
      data-testid="pause"
    >
      {isPaused ? `Resume${held > 0 ? ` · ${held.toLocaleString("en")} new` : ""}` : "Pause"}
    </button>
  );
}

/** A disc, half of it filled. */
function ThemeIcon() {
  return (
    <svg width="13" height="13" viewBox="0 0 14 14" aria-hidden="true">
      <circle cx="7" cy="7" r="6" fill="none" stroke="currentColor" stroke-width="1.4" />
      <path d="M7 1a6 6 0 0 1 0 12z" fill="currentColor" />
    </svg>
  );
}

function HelpButton() {
  const { isHelpOpen } = useInspector();
  return (
    <button
      type="button"
      class="icon"
      title="Keys (?)"
      aria-label="Keys"
      onClick={() => {
        isHelpOpen.value = true;
      }}
    >
      ?
    </button>
  );
}

/** The worker's own state, lit. */
export function WorkerState() {
  const { store, connection, source } = useInspector();
  store.version.value;
  // The last frame may be outdated.
  const isStale = source.value.kind === "live" && connection.status.value.kind !== "live";
  const root = store.actors.root();
  const past = store.past.value;
  if (root === undefined) return null;
  const state = past === undefined ? root.state : stateAt(root, past)?.state;
  const text = state === undefined ? "before the recording" : stateText(state);
  const tone = text === "ready" ? "good" : text === "errored" ? "bad" : "busy";
  return (
    <output
      class={`lamp lamp-${isStale ? "off" : tone}`}
      title={isStale ? "In the last frame that was received" : "The worker's state"}
      data-testid="worker-state"
    >
      {text}
    </output>
  );
}

/** The state of the connection to the worker, and the reason if it is closed. */
function ConnectionLine() {
  const { connection, source } = useInspector();
  if (source.value.kind === "recording") return <span class="connection connection-off">recording</span>;
  const status = connection.status.value;
  return (
    <span class={`connection connection-${status.kind}`} role="status" data-testid="connection">
      {connectionText(status)}
      {status.kind === "closed" && (
        <button type="button" onClick={() => connection.open()}>
          Reconnect
        </button>
      )}
    </span>
  );
}

/** How the connection is, in words. */
export function connectionText(status: ConnectionStatus): string {
  switch (status.kind) {
    case "live":
      return "live";
    case "connecting":
      return status.after === undefined ? "connecting" : `${status.after}, connecting`;
    case "closed":
      return status.retries ? `${status.reason}, trying again` : status.reason;
  }
}
