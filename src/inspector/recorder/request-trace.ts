import type { Outcome } from "../../../machines/events.js";
import type { WallClock } from "../../shared/wall-clock.js";
import type { Handler } from "../../worker/config/config-schema.js";
import type { Entry } from "../../worker/report/ledger.js";
import type { RequestObserver, RequestTrace } from "../../worker/request/admission.js";
import type { Recorder } from "./recorder.js";

/** The moments of one request on the clock of `performance.now()`, until they become a record. */
class RecordedTrace implements RequestTrace {
  readonly #recorder: Recorder;
  readonly #clock: WallClock;
  readonly #id: string;
  readonly #handler: Handler;
  readonly #arrivedAt: number;
  #admittedAt: number | undefined;
  #startedAt: number | undefined;
  #firstByteAt: number | undefined;
  #entry: Entry | undefined;
  #session: string | undefined;

  constructor(recorder: Recorder, clock: WallClock, id: string, handler: Handler) {
    this.#recorder = recorder;
    this.#clock = clock;
    this.#id = id;
    this.#handler = handler;
    this.#arrivedAt = performance.now();
  }

  admitted(entry: Entry, session: string | null): void {
    this.#admittedAt = performance.now();
    this.#entry = entry;
    this.#session = session ?? undefined;
  }

  started(): void {
    this.#startedAt = performance.now();
  }

  firstByte(): void {
    this.#firstByteAt = performance.now();
  }

  ended(outcome: Outcome, status: number): void {
    const timeOf = (moment: number | undefined): number | undefined =>
      moment === undefined ? undefined : this.#clock.at(moment);
    this.#recorder.records.request({
      kind: "request",
      id: this.#id,
      route: this.#handler.name,
      queue: this.#handler.queue,
      session: this.#session,
      requestIdx: this.#entry?.requestIdx,
      workload: this.#entry?.workload,
      outcome,
      status,
      arrivedAt: this.#clock.at(this.#arrivedAt),
      admittedAt: timeOf(this.#admittedAt),
      startedAt: timeOf(this.#startedAt),
      firstByteAt: timeOf(this.#firstByteAt),
      endedAt: this.#clock.now(),
    });
    this.#recorder.flows.end(this.#id);
  }
}

/** Follows some of the requests from their first byte to their end. */
export const requestObserver = (recorder: Recorder, clock: WallClock): RequestObserver => ({
  trace: (id, handler) =>
    recorder.flows.begin(id) ? new RecordedTrace(recorder, clock, id, handler) : undefined,
});
