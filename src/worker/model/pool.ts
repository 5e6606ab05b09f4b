import type { Framing } from "./answer-head.js";
import { Call, type CallSender, type ModelCall, type ModelRequest } from "./call.js";
import { ClosingHabits } from "./closing-habits.js";
import {
  type AnswerSink,
  Connection,
  type ConnectionOwner,
  IDLE_LIMIT_MS,
  type ModelAddress,
} from "./connection.js";
import type { ModelActivity } from "./model-activity.js";

/**
 * Milliseconds that a new connection may wait for a first byte while others are idle, before it is suspected that these
 * hold what it waits for.
 */
const STALL_MS = 200;

/**
 * The connections to the model server, kept alive between requests, for all routes together.
 *
 * Free connections are a stack: the one that was used last is most likely still open, and the surplus of a busy time grows
 * old at the bottom and is closed.
 *
 * Invariant: between the end of an answer and the next request on its connection the event loop has read that connection
 * once more. A server's FIN often follows its answer by a tenth of a millisecond, and unsolicited bytes may follow
 * too. Requests are therefore sent at the end of a turn of the loop, when everything that had arrived was read:
 *
 * ```
 *  turn n   │ read: an answer ends, its connection rests │ check: it is free
 *  turn n+1 │ read: maybe its FIN                        │ check: it takes a request
 * ```
 *
 * Some servers have a fixed number of threads, each of which stays with its connection while that is kept alive. There a new
 * connection waits for an idle one to be closed. It is suspected when more connections are open than were ever served at
 * once, and then idle ones are given up. A server that is merely slow shows that it serves them all, and the suspicion ends.
 */
export class ModelPool implements ConnectionOwner, CallSender {
  readonly activity: ModelActivity;
  readonly #address: ModelAddress;
  readonly #maxConnections: number;
  readonly #connections = new Set<Connection>();
  readonly #habits = new ClosingHabits();
  /** Calls that are to be sent, oldest first. */
  readonly #waiting = new Set<Call>();
  #free: Connection[] = [];
  /** Connections that became free in this turn of the loop. */
  #resting: Connection[] = [];
  #turn: NodeJS.Immediate | undefined;
  /** Connections that became free while others waited for a first byte: they may have to go. */
  #held: Connection[] = [];
  #isStarved = false;
  /** Open connections on which the model has sent bytes; and the maximum of them. */
  #served = 0;
  #mostServed = 0;
  #sweeper: NodeJS.Timeout | undefined;
  #stallTimer: NodeJS.Timeout | undefined;

  /** @param maxConnections Infinity for no limit. */
  constructor(address: ModelAddress, maxConnections: number, activity: ModelActivity) {
    this.activity = activity;
    this.#address = address;
    this.#maxConnections = maxConnections;
  }

  /** Sends a request as soon as there is a connection for it. */
  send(request: ModelRequest, sink: AnswerSink): ModelCall {
    const call = new Call(request, sink, this);
    this.#waiting.add(call);
    this.#schedule();
    return call;
  }

  /** Closes all connections; sinks of calls in progress are not called any more. */
  close(): void {
    for (const call of this.#waiting) call.cancel();
    for (const connection of this.#connections) connection.destroy();
    this.#free = [];
    this.#resting = [];
    this.#held = [];
    clearTimeout(this.#stallTimer);
    this.#stallTimer = undefined;
    clearImmediate(this.#turn);
    this.#turn = undefined;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }

  resend(call: Call): void {
    // Its connection is closed: there is room for another one.
    call.sendOn(this.#open(call), false);
  }

  forget(call: Call): void {
    this.#waiting.delete(call);
  }

  onFree(connection: Connection): void {
    this.#sweeper ??= setInterval(() => this.#sweep(), IDLE_LIMIT_MS / 4);
    if (!this.#habits.admits(connection)) return;
    this.#watchStall();
    if (this.#isStarved && this.#connections.size < this.#maxConnections) {
      this.#held.push(connection);
      return;
    }
    this.#resting.push(connection);
    this.#schedule();
  }

  onServed(): void {
    this.#served++;
    this.#mostServed = Math.max(this.#mostServed, this.#served);
    if (!this.#isStarved || this.#served < this.#connections.size) return;
    this.#isStarved = false;
    this.#resting.push(...this.#held);
    this.#held = [];
    this.#schedule();
  }

  onReused(framing: Framing): void {
    this.#habits.onReused(framing);
  }

  onEndedEarly(framing: Framing): void {
    this.#habits.onEndedEarly(framing);
  }

  onClosed(connection: Connection): void {
    this.#connections.delete(connection);
    if (connection.isServed) this.#served--;
    // The server may be another one when there are connections again.
    if (this.#connections.size === 0) this.#mostServed = 0;
    if (this.#waiting.size > 0) this.#schedule();
  }

  #schedule(): void {
    this.#turn ??= setImmediate(this.#onTurn);
  }

  readonly #onTurn = (): void => {
    this.#turn = undefined;
    /** Resting connections that no call waits for yet: in the next turn they cost less than new ones. */
    let spare = this.#resting.length;
    for (const call of this.#waiting) {
      const isNew = call.needsNewConnection;
      const used = this.#takeFree();
      if (used !== undefined && !isNew) {
        this.#waiting.delete(call);
        call.sendOn(used, true);
      } else if (used === undefined && !isNew && spare > 0) {
        spare--;
      } else {
        // A new connection takes the place of a free one.
        used?.destroy();
        if (this.#connections.size >= this.#maxConnections) break;
        this.#waiting.delete(call);
        call.sendOn(this.#open(call), false);
      }
    }
    if (this.#resting.length === 0) return;
    for (const connection of this.#resting) this.#free.push(connection);
    this.#resting = [];
    if (this.#waiting.size > 0) this.#schedule();
  };

  #open({ connectMs }: Call): Connection {
    const connection = new Connection(this.#address, connectMs, this);
    this.#connections.add(connection);
    this.#watchStall();
    return connection;
  }

  #watchStall(): void {
    const { size } = this.#connections;
    const isSuspect = this.#served > 0 && size > this.#served && size > this.#mostServed;
    if (isSuspect) this.#stallTimer ??= setTimeout(this.#onStallCheck, STALL_MS);
  }

  /** Gives up as many idle connections as there are new ones for which the server may have no room. */
  readonly #onStallCheck = (): void => {
    this.#stallTimer = undefined;
    const since = performance.now() - STALL_MS;
    let stalled = 0;
    for (const { isServed, openedAt } of this.#connections) if (!isServed && openedAt <= since) stalled++;
    const excess =
      stalled === 0 ? 0 : Math.max(0, Math.min(stalled, this.#served + stalled - this.#mostServed));
    const idle = [...this.#free, ...this.#held].filter(({ isClosed }) => !isClosed);
    this.#free = idle.slice(excess);
    this.#held = [];
    this.#isStarved = excess > idle.length;
    for (const connection of idle.slice(0, excess)) connection.destroy();
    this.#watchStall();
    if (this.#waiting.size > 0) this.#schedule();
  };

  #takeFree(): Connection | undefined {
    if (this.#free.length === 0) return undefined;
    const now = performance.now();
    for (let connection = this.#free.pop(); connection !== undefined; connection = this.#free.pop()) {
      if (connection.isUsable(now)) return connection;
      connection.destroy();
    }
    return undefined;
  }

  /** Closes what has been free for too long. */
  #sweep(): void {
    const now = performance.now();
    this.#free = [...this.#habits.takeProven(now), ...this.#free].filter((connection) => {
      if (connection.isUsable(now)) return true;
      connection.destroy();
      return false;
    });
    if (
      this.#free.length > 0 ||
      this.#held.length > 0 ||
      this.#resting.length > 0 ||
      this.#habits.hasWitnesses
    )
      return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }
}
