import type { Outcome, QueueOpened } from "../../machines/events.js";
import type { EdgeEvent, EdgeInput, EdgeLogic, EdgeSnapshot, Traffic } from "../../machines/worker.js";
import type { Verifier } from "../auth/verifier.js";
import type { Handler } from "../config.js";
import type { Log } from "../log.js";
import type { Entry, Ledger } from "../report/ledger.js";
import type { AuthData } from "../wire.js";
import { type Answer, answers } from "./answer.js";
import type { Exchange, Gate, Refusal } from "./exchange.js";
import { StallWatch } from "./stall-watch.js";

export interface EdgeOptions {
  readonly ledger: Ledger;
  readonly log: Log;
  /** Undefined where signatures are not checked. */
  readonly verifier: Verifier | undefined;
  readonly maxBodyBytes: number;
}

/**
 * Where connections and actors meet: it keeps the admitted requests by their ids, decides who is admitted, sends
 * arrivals and ends to the queues, and starts a request when its queue grants it the turn.
 */
export class Edge implements Gate {
  readonly log: Log;
  readonly maxBodyBytes: number;
  readonly watch = new StallWatch();
  readonly #ledger: Ledger;
  readonly #verifier: Verifier | undefined;
  readonly #open = new Map<string, Exchange>();
  readonly #queues = new Map<string, QueueOpened["ref"]>();
  #hasKey = false;
  #traffic: Traffic = { open: false, reason: "loading" };
  #worker: EdgeInput["worker"] | undefined;

  constructor({ ledger, log, verifier, maxBodyBytes }: EdgeOptions) {
    this.log = log;
    this.maxBodyBytes = maxBodyBytes;
    this.#ledger = ledger;
    this.#verifier = verifier;
  }

  /** This edge as an actor of the worker. */
  readonly logic: EdgeLogic = {
    getInitialSnapshot: (_scope, { worker }) => {
      this.#worker = worker;
      return this.#snapshot();
    },
    transition: (_snapshot, event) => {
      this.#receive(event);
      return this.#snapshot();
    },
    getPersistedSnapshot: (snapshot) => snapshot,
  };

  refusalOf(
    { url, signature }: AuthData,
    sessionId: string | null,
    { maxQueueTime }: Handler,
  ): Refusal | undefined {
    if (this.#verifier !== undefined && !this.#verifier.isSigned(url, signature)) {
      return { answer: this.#hasKey ? answers.unsigned() : answers.noKey(), counts: true };
    }
    if (sessionId !== null) return { answer: answers.invalidSession(), counts: false };
    if (!this.#traffic.open) return { answer: answers.notReady(this.#traffic.reason), counts: true };
    if (maxQueueTime === null) return undefined;
    const wait = this.#ledger.openLoad / this.#traffic.maxPerf;
    return wait > maxQueueTime ? { answer: answers.queueFull(wait, maxQueueTime), counts: true } : undefined;
  }

  reject(entry: Entry): void {
    this.#ledger.reject(entry);
  }

  admit(exchange: Exchange, entry: Entry): void {
    this.#open.set(exchange.id, exchange);
    this.#ledger.receive(entry);
    this.#queueOf(exchange).send({
      type: "request.arrived",
      id: exchange.id,
      workload: entry.workload,
      at: entry.arrivedAt,
    });
  }

  end(exchange: Exchange, entry: Entry, outcome: Exclude<Outcome, "rejected">): void {
    const at = Date.now();
    this.#open.delete(exchange.id);
    this.#ledger.end(entry, outcome, at);
    this.#queueOf(exchange).send({ type: "request.ended", id: exchange.id, outcome, at });
    this.#tellWhenDrained();
  }

  #receive(event: EdgeEvent): void {
    switch (event.type) {
      case "request.granted":
        this.#start(event.id);
        return;
      case "queue.opened": {
        const isReplaced = this.#queues.has(event.queue);
        this.#queues.set(event.queue, event.ref);
        if (isReplaced) {
          this.#abortAll(answers.queueLost(), ({ route }) => route.handler.queue === event.queue);
        }
        return;
      }
      case "traffic.opened":
        this.#traffic = { open: true, maxPerf: event.maxPerf };
        return;
      case "traffic.closed":
        this.#traffic = { open: false, reason: event.reason };
        this.#tellWhenDrained();
        return;
      case "traffic.aborted":
        this.#abortAll(answers.stopped(), () => true);
        return;
      case "key.held":
        this.#verifier?.useKey(event.pem);
        this.#hasKey = true;
        return;
    }
  }

  #start(id: string): void {
    const exchange = this.#open.get(id);
    try {
      exchange?.start();
    } catch (error) {
      exchange?.onFault(error);
    }
  }

  #abortAll(answer: Answer, which: (exchange: Exchange) => boolean): void {
    for (const exchange of [...this.#open.values()]) if (which(exchange)) exchange.abort(answer);
  }

  #tellWhenDrained(): void {
    if (this.#open.size > 0 || this.#traffic.open || this.#traffic.reason !== "draining") return;
    this.#worker?.send({ type: "traffic.drained" });
  }

  #queueOf({ route }: Exchange): QueueOpened["ref"] {
    const queue = this.#queues.get(route.handler.queue);
    if (queue === undefined) throw new Error(`the queue "${route.handler.queue}" was not opened`);
    return queue;
  }

  #snapshot(): EdgeSnapshot {
    return {
      status: "active",
      output: undefined,
      error: undefined,
      context: { traffic: this.#traffic, open: this.#open.size },
    };
  }
}
