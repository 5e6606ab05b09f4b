import { WebSocket } from "ws";
import type { Log } from "../../shared/log.js";
import type { Feed, InspectRecord } from "../recorder/frames.js";
import { StatelyActors } from "./stately-actors.js";
import { StatelyOutbox } from "./stately-outbox.js";

interface StatelyRelayOptions {
  /** Of the relay: an absolute `ws://` or `wss://` URL. */
  readonly url: string;
  readonly feed: Feed;
  readonly log: Log;
  /** Milliseconds before the first new attempt; twice as many before each further one. @default 500 */
  readonly firstPauseMs?: number;
}

const FIRST_PAUSE_MS = 500;
/** Milliseconds between two attempts at most. */
const MAX_PAUSE_MS = 30_000;
/** A connection that stood for less is no success: the next attempt waits longer all the same. */
const STEADY_MS = 10_000;
const DIAL_TIMEOUT_MS = 10_000;
/** Milliseconds of silence after which the operating system asks whether the relay's host is still there. */
const PROBE_AFTER_MS = 30_000;
/** Messages from the relay are ignored. */
const MAX_RECEIVED_BYTES = 16 * 1024 * 1024;

/**
 * Sends the worker's events to Stately's tools: it dials a relay such as that of `@statelyai/inspect`, and dials again while it is
 * not there. While it is not connected it does not subscribe to the feed, whose kept records bridge an outage.
 *
 * ```
 * dialling ─▶ open ─▶ pausing ─▶ dialling …
 *     └─────────────────▲
 * ```
 *
 * @returns ends it: no socket and no timer is left, and nothing is waited for.
 */
export function statelyRelay(options: StatelyRelayOptions): { close(): void } {
  const relay = new StatelyRelay(options);
  relay.dial();
  return relay;
}

class StatelyRelay {
  readonly #options: StatelyRelayOptions;
  /** Without what may be secret. */
  readonly #host: string;
  readonly #firstPause: number;
  #pause: number;
  #socket: WebSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #outbox: StatelyOutbox | undefined;
  #unsubscribe: (() => void) | undefined;
  #openedAt: number | undefined;
  /** Number of the newest record that a relay was sent. */
  #sent = -1;
  /** Messages of this connection that were dropped. */
  #dropped = 0;
  #hasLoggedOutage = false;
  #isClosed = false;

  constructor(options: StatelyRelayOptions) {
    this.#options = options;
    this.#host = new URL(options.url).host;
    this.#firstPause = options.firstPauseMs ?? FIRST_PAUSE_MS;
    this.#pause = this.#firstPause;
  }

  dial(): void {
    const socket = new WebSocket(this.#options.url, {
      handshakeTimeout: DIAL_TIMEOUT_MS,
      maxPayload: MAX_RECEIVED_BYTES,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    let reason: string | undefined;
    socket.on("upgrade", (response) => response.socket.setKeepAlive(true, PROBE_AFTER_MS));
    socket.on("open", () => this.#onOpen(socket));
    socket.on("error", (error) => {
      reason = error.message || ("code" in error ? String(error.code) : error.name);
    });
    socket.on("close", (code) => this.#onClose(reason ?? `closed with ${code}`));
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#detach();
    // The relay receives the close frame; its answer is not awaited.
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.close(1000);
    this.#socket?.terminate();
  }

  #onOpen(socket: WebSocket): void {
    const { feed, log } = this.#options;
    this.#openedAt = performance.now();
    const hello = feed.hello();
    const missed = this.#sent < 0 ? 0 : missedSince(this.#sent, hello.records);
    log.info({ relay: this.#host, ...(missed > 0 && { missed }) }, "connected to the Stately relay");
    this.#hasLoggedOutage = false;
    const outbox = new StatelyOutbox(socket, this.#sent, {
      onDropped: (message) => {
        this.#onDropped();
        if (message.type === "@xstate.actor") actors.lost(message.sessionId);
      },
      onEmptied: () => actors.sendLost(Date.now()),
    });
    const actors = new StatelyActors(hello.charts, this.#sent, outbox.push);
    this.#outbox = outbox;
    this.#unsubscribe = feed.subscribe((tick) => actors.tick(tick));
    actors.hello(hello);
  }

  /** Logged once per connection; the total is logged at its end. */
  #onDropped(): void {
    this.#dropped += 1;
    if (this.#dropped > 1) return;
    this.#options.log.warn(
      { relay: this.#host },
      "the Stately relay reads too slowly: it will miss messages",
    );
  }

  #onClose(reason: string): void {
    this.#detach();
    if (this.#isClosed) return;
    if (!this.#hasLoggedOutage) {
      this.#hasLoggedOutage = true;
      this.#options.log.warn(
        { relay: this.#host, reason },
        "no Stately relay reached: dialling until there is one",
      );
    }
    const isSteady = this.#openedAt !== undefined && performance.now() - this.#openedAt >= STEADY_MS;
    this.#openedAt = undefined;
    if (isSteady) this.#pause = this.#firstPause;
    // Half of it is left to chance: many workers that lost a relay are not to come back to it at once.
    this.#timer = setTimeout(() => this.dial(), this.#pause * (0.5 + Math.random() / 2)).unref();
    this.#pause = Math.min(MAX_PAUSE_MS, this.#pause * 2);
  }

  #detach(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#outbox?.close();
    this.#sent = this.#outbox?.sent ?? this.#sent;
    this.#outbox = undefined;
    if (this.#dropped > 0) {
      this.#options.log.info(
        { relay: this.#host, dropped: this.#dropped },
        "the Stately relay missed messages",
      );
    }
    this.#dropped = 0;
  }
}

/** Records after number `n` that are no longer among those that are kept. */
function missedSince(n: number, kept: readonly InspectRecord[]): number {
  const last = kept.at(-1)?.n ?? n;
  return Math.max(0, last - n - kept.filter((record) => record.n > n).length);
}
