import type { Log } from "../../src/shared/log.js";
import type { Handler } from "../../src/worker/config/config-schema.js";
import { KeysMetrics } from "../../src/worker/metrics/key-metrics.js";
import { ModelActivity } from "../../src/worker/model/model-activity.js";
import type { Entry } from "../../src/worker/report/ledger.js";
import type { Admission, EndOutcome, Refusal } from "../../src/worker/request/admission.js";
import { UnverifiedBodies } from "../../src/worker/request/envelope/unverified-bodies.js";
import type { Exchange } from "../../src/worker/request/exchange.js";
import { UnverifiedSockets } from "../../src/worker/request/unverified-sockets.js";
import type { ClientSocket } from "../../src/worker/server/http-server.js";
import type { Closed, Message } from "./socket-model.js";

/** A client's end that keeps what it receives, and reads when the test allows it. */
export class FakeClient implements ClientSocket {
  readonly messages: Message[] = [];
  /** `1005` where no code was named. */
  closed: Closed | undefined;
  isPaused = false;
  /** False: the sender has to pause. */
  hasRoom = true;

  send(frame: Buffer, isBinary: boolean): boolean {
    if (this.closed !== undefined) throw new Error("a frame after the close");
    this.messages.push(isBinary ? Buffer.from(frame) : frame.toString());
    return this.hasRoom;
  }

  limitFirstMessage(bytes: number): number {
    return bytes;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  close(code = 1005, reason = ""): void {
    if (this.closed !== undefined) throw new Error("a second close");
    this.closed = { code, reason };
  }

  terminate(): void {
    this.close(1006);
  }
}

/** How a request ended. */
export interface Ending {
  readonly outcome: EndOutcome;
  readonly retryable: boolean;
}

/** Admits what is not to be refused, and grants turns when the test does. */
export class FakeAdmission implements Admission {
  readonly activity = new ModelActivity();
  readonly log: Log;
  readonly maxBodyBytes: number;
  readonly streamHeaders = true;
  readonly observer = undefined;
  readonly keys = new KeysMetrics();
  readonly unverified = new UnverifiedBodies(64 * 1024 * 1024);
  readonly unverifiedSockets = new UnverifiedSockets(64 * 1024 * 1024);
  refusal: Refusal | undefined;
  readonly admitted: Exchange[] = [];
  readonly rejected: Entry[] = [];
  readonly endings: Ending[] = [];
  readonly #grantsAtOnce: boolean;

  constructor(
    log: Log,
    {
      grantsAtOnce = true,
      maxBodyBytes = 1024 * 1024 * 1024,
    }: { grantsAtOnce?: boolean; maxBodyBytes?: number } = {},
  ) {
    this.log = log;
    this.#grantsAtOnce = grantsAtOnce;
    this.maxBodyBytes = maxBodyBytes;
  }

  checkSender(): undefined {}

  checkTraffic(): undefined {}

  checkQueueTime(): undefined {}

  rejectUnverified(): void {}

  checkRequest(): Refusal | undefined {
    return this.refusal;
  }

  reject(entry: Entry): void {
    this.rejected.push(entry);
  }

  admit(exchange: Exchange): void {
    this.admitted.push(exchange);
    if (this.#grantsAtOnce) exchange.start();
  }

  end(_exchange: Exchange, _entry: Entry, outcome: EndOutcome, _at: number, retryable: boolean): void {
    this.endings.push({ outcome, retryable });
  }

  /** Grants all who were admitted their turn. */
  grant(): void {
    for (const exchange of this.admitted) exchange.start();
  }
}

/** A handler of the route `/ws` with all limits off; the test may replace parts. */
export const socketHandler = (parts: Partial<Handler> = {}): Handler => ({
  name: "/ws",
  route: "/ws",
  method: "POST",
  forwardHeaders: [],
  modelRoute: "/ws",
  websocket: true,
  maxQueueTime: null,
  forwardQuery: true,
  sseKeepAliveMs: null,
  timeouts: { connectMs: null, headersMs: null, idleMs: null, totalMs: null },
  queue: "/ws",
  queueOrder: "fifo",
  limit: 1,
  ...parts,
});
