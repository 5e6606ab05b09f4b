/**
 * How far a request is:
 *
 * - `queued`: waits for one of the client's places;
 * - `polling`: asks the engine for a worker;
 * - `in progress`: was sent to a worker, whose answer may have begun;
 * - `retrying`: failed, and waits before it asks the engine again;
 * - `complete`: the answer is whole, whatever its status;
 * - `errored`: came to nothing, or its answer broke off;
 * - `cancelled`: its signal was aborted, it was cancelled, or its stream was left before the end.
 */
export type RequestStatus =
  | "queued"
  | "polling"
  | "in progress"
  | "retrying"
  | "complete"
  | "errored"
  | "cancelled";

/** The statuses after which nothing more happens. */
export type LastStatus = Extract<RequestStatus, "complete" | "errored" | "cancelled">;
