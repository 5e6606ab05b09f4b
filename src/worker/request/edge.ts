import type { EdgeEvent, EdgeInput, EdgeLogic, EdgeSnapshot, Traffic } from "../../../machines/edge.js";
import type { QueueOpened } from "../../../machines/events.js";
import type { Log } from "../../shared/log.js";
import { wallClock } from "../../shared/wall-clock.js";
import type { AuthData } from "../../shared/wire.js";
import type { ReplayWindow } from "../auth/replay-window.js";
import type { Verifier } from "../auth/verifier.js";
import type { Handler } from "../config/config-schema.js";
import { KeysMetrics } from "../metrics/key-metrics.js";
import type { ModelActivity } from "../model/model-activity.js";
import type { Entry, Ledger } from "../report/ledger.js";
import { answers, type WorkerAnswer } from "../server/answer.js";
import type { SessionTerms } from "../session/session-terms.js";
import { Sessions } from "../session/sessions.js";
import type { Admission, EndOutcome, Flow, Refusal, RequestObserver } from "./admission.js";
import { UnverifiedBodies } from "./envelope/unverified-bodies.js";
import type { Exchange } from "./exchange.js";
import { UnverifiedSockets } from "./unverified-sockets.js";

export interface EdgeOptions {
  readonly ledger: Ledger;
  readonly log: Log;
  /** Undefined where signatures are not checked. */
  readonly verifier: Verifier | undefined;
  /** Undefined where requests that were signed for other workers are served, too. */
  readonly ownUrl: string | undefined;
  /** Undefined where requests may be repeated. */
  readonly replays: ReplayWindow | undefined;
  readonly maxBodyBytes: number;
  /** Bytes that may be kept of bodies, and of first messages of WebSockets, before their senders are verified. */
  readonly maxUnverifiedBytes: number;
  /** As in {@link Admission}. */
  readonly streamHeaders: boolean;
  /** Null: no limit. */
  readonly maxSessions: number | null;
  /** Undefined where nothing records requests. */
  readonly observer: RequestObserver | undefined;
  readonly activity: ModelActivity;
}

// Not reported: the engine would take the request with the same number, which was served, for rejected.
const REPLAYED: Refusal = { answer: answers.replayed(), isReported: false };

/**
 * The boundary between connections and actors: it decides about admission, keeps the admitted requests by their ids, sends
 * their arrivals and ends to the queues, and starts a request when its queue grants it the turn.
 */
export class Edge implements Admission {
  readonly log: Log;
  readonly maxBodyBytes: number;
  readonly streamHeaders: boolean;
  readonly observer: RequestObserver | undefined;
  readonly activity: ModelActivity;
  readonly unverified: UnverifiedBodies;
  readonly unverifiedSockets: UnverifiedSockets;
  readonly sessions: Sessions;
  readonly keys = new KeysMetrics();
  readonly #ledger: Ledger;
  readonly #verifier: Verifier | undefined;
  readonly #ownUrl: string | undefined;
  readonly #replays: ReplayWindow | undefined;
  readonly #open = new Map<string, Exchange>();
  readonly #queues = new Map<string, QueueOpened["ref"]>();
  #hasKey = false;
  #traffic: Traffic = { open: false, reason: "loading" };
  #worker: EdgeInput["worker"] | undefined;

  constructor({
    ledger,
    log,
    verifier,
    ownUrl,
    replays,
    maxBodyBytes,
    maxUnverifiedBytes,
    streamHeaders,
    maxSessions,
    observer,
    activity,
  }: EdgeOptions) {
    this.log = log;
    this.activity = activity;
    this.maxBodyBytes = maxBodyBytes;
    this.unverified = new UnverifiedBodies(maxUnverifiedBytes);
    this.unverifiedSockets = new UnverifiedSockets(maxUnverifiedBytes);
    this.streamHeaders = streamHeaders;
    this.observer = observer;
    this.#ledger = ledger;
    this.#verifier = verifier;
    this.#ownUrl = ownUrl;
    this.#replays = replays;
    this.sessions = new Sessions({
      ledger,
      maxSessions,
      abort: (ids) => {
        for (const id of [...ids]) this.#open.get(id)?.abort(answers.invalidSession(), "cancelled");
      },
    });
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

  checkSender({ url, signature }: AuthData): Refusal | undefined {
    if (this.#verifier !== undefined && !this.#verifier.isSigned(url, signature)) {
      return { answer: this.#hasKey ? answers.unsigned() : answers.noKey(), isReported: true };
    }
    // Not reported either: the request may be in flight at another worker.
    if (this.#ownUrl !== undefined && !isUrl(this.#ownUrl, url)) {
      return { answer: answers.foreignUrl(), isReported: false };
    }
    return undefined;
  }

  checkRequest(authData: AuthData, sessionId: string | null | undefined): Refusal | undefined {
    if (sessionId === null) {
      if (this.#isReplayed(authData)) return REPLAYED;
    } else if (sessionId !== undefined && this.sessions.find(sessionId)?.isOpen !== true) {
      return { answer: answers.invalidSession(), isReported: false };
    }
    return this.checkTraffic();
  }

  checkTraffic(): Refusal | undefined {
    return this.#traffic.open ? undefined : { answer: answers.notReady(this.#traffic), isReported: true };
  }

  checkQueueTime(
    { maxQueueTime, queue, queueOrder }: Handler,
    workload: number,
    flow: Flow | undefined,
  ): Refusal | undefined {
    if (maxQueueTime === null || !this.#traffic.open) return undefined;
    const behind = queueOrder === "fair" ? this.#workloadBehind(queue, workload, flow) : 0;
    const wait = (this.#ledger.loadAhead - behind) / this.#traffic.maxPerf;
    return wait > maxQueueTime
      ? { answer: answers.queueFull(wait, maxQueueTime), isReported: true }
      : undefined;
  }

  /** Why a verified sender may not open a session now; undefined when it may. */
  checkNewSession(authData: AuthData): Refusal | undefined {
    if (this.#isReplayed(authData)) return REPLAYED;
    if (!this.#traffic.open) return { answer: answers.notReady(this.#traffic), isReported: true };
    if (!this.sessions.isFull) return undefined;
    return { answer: answers.tooManySessions(this.sessions.open), isReported: true };
  }

  /** Opens a session after {@link checkNewSession}. */
  createSession(authData: AuthData, terms: SessionTerms, entry: Entry): WorkerAnswer {
    this.#replays?.add(authData.reqnum, authData.request_idx);
    entry.startedAt = entry.arrivedAt;
    const { id, expiresAt } = this.sessions.create(authData, terms, entry);
    return answers.created({ session_id: id, expiration: wallClock.secondsAt(expiresAt) });
  }

  rejectUnverified(): void {
    this.#ledger.rejectUnverified();
  }

  reject(entry: Entry): void {
    this.#ledger.reject(entry);
  }

  admit(exchange: Exchange, entry: Entry): void {
    this.#open.set(exchange.id, exchange);
    if (exchange.sessionId !== null) this.sessions.enter(exchange.sessionId, exchange.id);
    else this.#replays?.add(entry.reqnum, entry.requestIdx);
    this.#ledger.receive(entry);
    const { id, flow } = exchange;
    const { workload, arrivedAt: at } = entry;
    this.#queueOf(exchange).send(
      flow === undefined
        ? { type: "request.arrived", id, workload, at }
        : {
            type: "request.arrived",
            id,
            workload,
            at,
            flow: flow.name,
            weight: flow.weight,
            priority: flow.priority,
          },
    );
  }

  end(exchange: Exchange, entry: Entry, outcome: EndOutcome, at: number, retryable: boolean): void {
    this.#open.delete(exchange.id);
    if (exchange.sessionId !== null) this.sessions.leave(exchange.sessionId, exchange.id);
    else if (retryable) this.#replays?.forget(entry.reqnum, entry.requestIdx);
    this.#ledger.end(entry, outcome, at);
    this.#queueOf(exchange).send({ type: "request.ended", id: exchange.id, outcome, at });
    this.#reportDrained();
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
        this.#reportDrained();
        return;
      case "traffic.awaited":
        if (!this.#traffic.open) this.#traffic = { ...this.#traffic, waitsFor: event.seen };
        return;
      case "traffic.aborted":
        this.#abortAll(answers.stopped(), () => true);
        return;
      case "session.closing":
      case "session.closed":
      case "sessions.opened":
      case "sessions.aborted":
        this.sessions.receive(event);
        return;
      case "key.held":
        this.#verifier?.useKey(event.pem);
        this.#hasKey = true;
        return;
    }
  }

  #isReplayed({ reqnum, request_idx: requestIdx }: AuthData): boolean {
    return this.#replays?.has(reqnum, requestIdx) === true;
  }

  #start(id: string): void {
    const exchange = this.#open.get(id);
    try {
      exchange?.start();
    } catch (error) {
      exchange?.onInternalError(error);
    }
  }

  #abortAll(answer: WorkerAnswer, which: (exchange: Exchange) => boolean): void {
    for (const exchange of [...this.#open.values()]) if (which(exchange)) exchange.abort(answer);
  }

  #reportDrained(): void {
    if (this.#open.size > 0 || this.#traffic.open || this.#traffic.reason !== "draining") return;
    this.#worker?.send({ type: "traffic.drained" });
  }

  /** Workload that waits in a fair queue and would have its turn after this request. */
  #workloadBehind(queue: string, workload: number, flow: Flow | undefined): number {
    const lane = this.#queues.get(queue)?.getSnapshot().lane;
    return lane?.behind(workload, flow?.name, flow?.weight, flow?.priority) ?? 0;
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

/** Whether a URL is `own`, with any number of trailing slashes. */
const isUrl = (own: string, url: string): boolean =>
  url.startsWith(own) && /^\/*$/.test(url.slice(own.length));
