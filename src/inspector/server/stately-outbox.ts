import type { WebSocket } from "ws";
import type { StatelyMessage } from "./stately-format.js";

interface Item {
  readonly message: StatelyMessage;
  /** Number of the newest record in it. */
  readonly n: number;
}

/** Receives what happens to the messages. */
interface StatelyOutboxSink {
  /** The oldest message made room for a new one. */
  onDropped(message: StatelyMessage): void;
  /** Everything is with the operating system. */
  onEmptied(): void;
}

/** Messages that wait at most: room for the whole past, which is two for each of 10,000 records, and for all actors. */
const MAX_WAITING = 25_000;
/** Bytes that the socket may hold, beyond which nothing is written as text: it bounds each turn's work, too. */
const HIGH_WATER = 256 * 1024;

/**
 * Messages on their way to a relay, which may read slowly. They become text when the socket has room, a slice at a
 * time: thousands at once do not hold up the worker.
 */
export class StatelyOutbox {
  readonly #socket: WebSocket;
  readonly #sink: StatelyOutboxSink;
  #waiting: Item[] = [];
  #turn: NodeJS.Immediate | undefined;
  #sent: number;

  /** @param sent number of the newest record that was sent earlier. */
  constructor(socket: WebSocket, sent: number, sink: StatelyOutboxSink) {
    this.#socket = socket;
    this.#sent = sent;
    this.#sink = sink;
  }

  /** Number of the newest record that was sent. */
  get sent(): number {
    return this.#sent;
  }

  readonly push = (message: StatelyMessage, n: number): void => {
    this.#waiting.push({ message, n });
    if (this.#waiting.length > MAX_WAITING) {
      const dropped = this.#waiting.shift();
      if (dropped !== undefined) this.#sink.onDropped(dropped.message);
    }
    this.#schedule();
  };

  /** Sends what the socket has room for at once, and forgets the rest. */
  close(): void {
    this.#write();
    this.#waiting = [];
    clearImmediate(this.#turn);
  }

  /** Leaves what happens next to the worker's other work. */
  readonly #schedule = (): void => {
    if (this.#waiting.length === 0) return;
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined;
      this.#write();
      if (this.#waiting.length === 0) this.#sink.onEmptied();
    });
  };

  #write(): void {
    while (this.#socket.readyState === this.#socket.OPEN && this.#socket.bufferedAmount < HIGH_WATER) {
      const item = this.#waiting.shift();
      if (item === undefined) return;
      // A failure is followed by the socket's close.
      this.#socket.send(JSON.stringify(item.message), this.#schedule);
      this.#sent = item.n;
    }
  }
}
