import { stateText } from "../chart/state-text.js";
import { stateAt } from "./state-at.js";
import { useInspector } from "./use-inspector.js";

/** The worker's own state, lit. */
export function WorkerState() {
  const { store, connection, source } = useInspector();
  store.version.value;
  // What was last heard may not be so any more.
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
      title={isStale ? "When it was last heard of" : "The worker's state"}
      data-testid="worker-state"
    >
      {text}
    </output>
  );
}
