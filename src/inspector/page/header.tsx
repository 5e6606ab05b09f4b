import { ConnectionLine } from "./connection-status.js";
import { RecordingButtons } from "./recording-buttons.js";
import { theme, toggleTheme } from "./theme.js";
import { useInspector } from "./use-inspector.js";
import { durationText } from "./views/duration-text.js";
import { WorkerState } from "./worker-state.js";

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
