import type { SnapshotFrom } from "xstate";
import type { workerMachine } from "../../machines/worker.js";
import { killDescendants } from "../shared/process-identity.js";

/** Milliseconds that a program may take for what it does after a second signal. */
const LAST_MS = 1000;

/** What a worker that drains waits for; undefined: it does not drain. */
export function awaitedBeforeEnd({
  value,
  context: { drainTimeoutMs, reportAddresses },
}: SnapshotFrom<typeof workerMachine>): string | undefined {
  const step = typeof value === "object" && "draining" in value ? value.draining : undefined;
  switch (step) {
    case "finishing":
      return `finishing the requests, ${Math.ceil(drainTimeoutMs / 1000)} s at most`;
    case "closing":
      return "closing the sessions, 12 s at most";
    case "reporting":
      return `delivering the last reports to ${reportAddresses.join(", ")}, 10 s at most`;
    default:
      return undefined;
  }
}

/** Ends this process, and all that it has started, as soon as nothing is left to do, and after a second in any case. */
export function endWithAll(): void {
  process.once("exit", () => killDescendants(process.pid));
  setTimeout(() => process.exit(), LAST_MS).unref();
}
