import { type WireStatus, wireStatus } from "../machines/wire-status.js";
import type { WorkerRef } from "../machines/workergroup.js";

interface WorkerWatcher {
  /** The worker came into another state. */
  readonly onStatus: (status: WireStatus) => void;
  /** It is no more. */
  readonly onGone: () => void;
  /** Its actor failed, which is a fault of the engine. */
  readonly onFault: (error: unknown) => void;
}

/** Tells each change of a worker's state from now on. */
export function watchWorker(ref: WorkerRef, { onStatus, onGone, onFault }: WorkerWatcher): void {
  let status = wireStatus(ref.getSnapshot());
  ref.subscribe({
    next: (snapshot) => {
      const next = wireStatus(snapshot);
      if (next === status) return;
      status = next;
      onStatus(next);
    },
    // An engine that ends stops its actors, too: what it knew stays readable.
    complete: () => {
      if (ref.getSnapshot().status === "done") onGone();
    },
    error: onFault,
  });
}
