import { pause } from "../client/request/abort.js";
import { nextWait } from "../client/request/retry-policy.js";
import { TsworkerError } from "../shared/errors.js";
import type { Log } from "../shared/log.js";
import type { AuthData } from "../shared/wire.js";
import type { ApiKey } from "../worker/auth/api-key.js";
import { BodyBuffer } from "../worker/request/envelope/body.js";
import type { RequestHead, RequestSink, Responder } from "../worker/server/http-server.js";
import { type GatewayAnswer, gatewayAnswers, limitAnswer, routingAnswer } from "./gateway-answers.js";
import type { EndpointMetrics } from "./gateway-metrics.js";
import type { CheckedGatewayOptions } from "./gateway-options.js";
import type { HeldBytes } from "./held-bytes.js";
import { formPayload, isForm, jsonPayload, type RequestPayload } from "./request-body.js";
import type { Routing } from "./routing.js";
import type { Target } from "./target.js";
import { sendAnswer, type TryFailure, type TryOwner, WorkerAnswer } from "./worker-answer.js";
import { deadlineOf, envelopeOf, WorkerRequest } from "./worker-request.js";
import type { WorkerConnections, Workers } from "./workers.js";

/** Where a request goes, and for whom. */
export interface AcceptedTarget extends Target {
  /** The client's API key; undefined: everybody may call. */
  readonly key: ApiKey | undefined;
}

/** What all requests of a gateway share. */
export interface GatewayContext {
  readonly options: CheckedGatewayOptions;
  readonly routing: Routing;
  readonly workers: Workers;
  readonly held: HeldBytes;
  readonly log: Log;
  metricsOf(endpoint: string): EndpointMetrics;
  /** Requests that have not ended. */
  readonly requests: Set<GatewayRequest>;
}

/** Milliseconds in which a worker must accept a connection. */
const CONNECT_MS = 5000;
/** A model may think for as long as it likes: the limits of the worker apply, and the client's. */
const TIMEOUTS = { connectMs: CONNECT_MS, headersMs: null, idleMs: null };

/** Highest priority of a client without a key. */
const MAX_PRIORITY = 9;
/** Pauses between two tries. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2000;

/**
 * A request from its head to the end of its answer.
 *
 * ```
 * receiving ─▶ routing ─▶ trying ─▶ answering ─▶ over
 *                ▲          │
 *                └──────────┘ before the first byte of an answer
 * ```
 *
 * The engine is asked again with the same `request_idx`: the load counts once.
 */
export class GatewayRequest implements RequestSink, TryOwner {
  readonly #context: GatewayContext;
  readonly #target: AcceptedTarget;
  readonly #responder: Responder;
  readonly #metrics: EndpointMetrics;
  readonly #arrivedAt = performance.now();
  readonly #requestId: string;
  readonly #contentType: string;
  readonly #expected: number;
  readonly #workerRequest: WorkerRequest;
  readonly #deadlineMs: number | undefined;
  readonly #leaving = new AbortController();
  #body: BodyBuffer | undefined = new BodyBuffer();
  #charged = 0;
  #tries = 0;
  #worker = "";
  #answer: WorkerAnswer | undefined;
  /** Settles the try in progress; undefined: its answer has begun. */
  #onTried: ((failure: TryFailure | undefined) => void) | undefined;
  /** It counts for the limits of the client's key. */
  #isCounted = false;
  #isOver = false;

  constructor(
    context: GatewayContext,
    target: AcceptedTarget,
    head: RequestHead,
    responder: Responder,
    requestId: string,
  ) {
    this.#context = context;
    this.#target = target;
    this.#responder = responder;
    this.#requestId = requestId;
    this.#contentType = head.header("content-type");
    this.#expected = head.contentLength;
    this.#deadlineMs = deadlineOf(head);
    const { path, key } = target;
    this.#workerRequest = new WorkerRequest(head, path, requestId, key?.maxPriority ?? MAX_PRIORITY);
    this.#metrics = context.metricsOf(target.endpoint.name);
    this.#metrics.active++;
    context.requests.add(this);
    responder.receive(context.options.maxBodyBytes, this);
  }

  /** Ends it at once: its client sees that the answer is incomplete. */
  abort(): void {
    if (this.#isOver) return;
    this.#responder.close();
    this.#end("cancelled", "the gateway was stopped");
  }

  onPiece(piece: Buffer, isLast: boolean): void {
    const body = this.#body;
    if (this.#isOver || body === undefined) return;
    if (!this.#context.held.reserve(piece.length)) {
      this.answer(gatewayAnswers.tooManyBodies());
      return;
    }
    this.#charged += piece.length;
    body.push(piece, this.#expected);
    if (!isLast) return;
    this.#body = undefined;
    this.#serve(body.slice(0, body.length)).catch((error: unknown) => {
      this.#context.log.error({ err: error, requestId: this.#requestId }, "request handling failed");
      this.#answer?.cancel();
      this.answer(gatewayAnswers.gatewayFailed());
    });
  }

  onTooLarge(): void {
    this.answer(gatewayAnswers.bodyTooLarge(this.#context.options.maxBodyBytes));
  }

  onTooSlow(): void {
    this.answer(gatewayAnswers.bodyTooSlow());
  }

  onDisconnect(): void {
    this.#end("cancelled");
  }

  onBegun(_status: number): void {
    this.#metrics.timeToFirstByte.observe(performance.now() - this.#arrivedAt);
    this.#release();
    this.#settle(undefined);
  }

  onComplete(status: number): void {
    if (this.#onTried !== undefined) this.onBegun(status);
    this.#end(String(status));
  }

  onBroken(error: TsworkerError): void {
    this.#responder.close();
    this.#end("broken", error.message);
  }

  onFailed(failure: TryFailure): void {
    this.#settle(failure);
  }

  onUnreachable(error: unknown): void {
    const { name } = this.#target.endpoint;
    this.#settle({
      reason: "unreachable",
      message: error instanceof Error ? messageOf(error) : String(error),
      answer: () => this.answer(gatewayAnswers.workerUnreachable(name, this.#tries)),
    });
  }

  answer(answer: GatewayAnswer): void {
    if (this.#isOver) return;
    sendAnswer(this.#responder, answer);
    this.#end(String(answer.status), "error" in answer.body ? answer.body.error.message : undefined);
  }

  async #serve(bytes: Buffer): Promise<void> {
    const isMultipart = isForm(this.#contentType);
    const body = isMultipart ? await formPayload(bytes, this.#contentType) : jsonPayload(bytes);
    if (this.#isOver) return;
    if (body === undefined) {
      this.answer(isMultipart ? gatewayAnswers.invalidForm() : gatewayAnswers.invalidJson());
      return;
    }
    const cost = this.#costOf(body);
    if (this.#isWithinLimits(cost)) await this.#tryWorkers(body.json, cost);
  }

  #costOf({ payload }: RequestPayload): number {
    const { cost } = this.#context.options;
    if (typeof cost === "number") return cost;
    const { endpoint, path } = this.#target;
    const workload = cost({ endpoint: endpoint.name, path, payload });
    if (Number.isFinite(workload) && workload >= 0) return workload;
    throw new TypeError(`expected a number from 0 on as the cost, got ${String(workload)}`);
  }

  /** Takes a request from the limits of the client's key; false: it was answered 429. */
  #isWithinLimits(cost: number): boolean {
    const { key } = this.#target;
    if (key === undefined) return true;
    const now = performance.now();
    const refusal = key.refusal(cost, now);
    if (refusal !== undefined) {
      this.answer(limitAnswer(refusal));
      return false;
    }
    key.admitted(cost, now);
    this.#isCounted = true;
    return true;
  }

  async #tryWorkers(json: Buffer, cost: number): Promise<void> {
    const { attempts, waitMs: withinMs } = this.#context.options;
    let requestIdx = 0;
    for (;;) {
      const authData = await this.#route(requestIdx, cost);
      if (authData === undefined || this.#isOver) return;
      requestIdx = authData.request_idx;
      this.#tries++;
      const failure = await this.#try(authData, json);
      if (failure === undefined || this.#isOver) return;
      const { reason, message, answer } = failure;
      this.#log("warn", "a worker did not take the request", { reason, message });
      // The engine names another worker at once in place of one that is gone.
      const isFirst = this.#tries === 1 && reason === "unreachable";
      const waitMs = nextWait(
        { attempts, withinMs, firstWaitMs: FIRST_WAIT_MS, longestWaitMs: LONGEST_WAIT_MS },
        { count: this.#tries, elapsedMs: performance.now() - this.#arrivedAt },
      );
      if (waitMs === undefined) {
        answer();
        return;
      }
      this.#metrics.retried(reason);
      if (!isFirst) await pause(waitMs, this.#leaving.signal).catch(() => {});
      if (this.#isOver) return;
    }
  }

  /** @returns undefined: the request was answered, or its client has left. */
  async #route(requestIdx: number, cost: number): Promise<AuthData | undefined> {
    const { options, routing } = this.#context;
    const { name: endpoint, apiKey } = this.#target.endpoint;
    const deadlineMs = this.#deadlineMs ?? Number.POSITIVE_INFINITY;
    const elapsedMs = performance.now() - this.#arrivedAt;
    const timeoutMs = Math.max(1, Math.min(options.waitMs, deadlineMs) - elapsedMs);
    let engineStatus: string | undefined;
    try {
      return await routing.workerFor({
        endpoint,
        apiKey,
        cost,
        requestIdx,
        timeoutMs,
        signal: this.#leaving.signal,
        onNotReady: (status) => {
          engineStatus = status;
        },
      });
    } catch (error) {
      if (this.#isOver) return undefined;
      if (!(error instanceof TsworkerError)) throw error;
      const level = error.code === "ENGINE_REFUSED" || error.code === "ENGINE_INVALID" ? "error" : "warn";
      this.#log(level, "no worker was named", { code: error.code, message: error.message, engineStatus });
      if (deadlineMs < options.waitMs && isTemporary(error))
        this.answer(gatewayAnswers.deadlineExceeded(deadlineMs));
      else this.answer(routingAnswer(error, endpoint, options.waitMs));
      return undefined;
    }
  }

  /** Sends it to a worker. @returns the failure; undefined: its answer goes to the client. */
  async #try(authData: AuthData, json: Buffer): Promise<TryFailure | undefined> {
    this.#worker = authData.url;
    const tried = new Promise<TryFailure | undefined>((resolve) => {
      this.#onTried = resolve;
    });
    let connections: WorkerConnections;
    try {
      connections = await this.#context.workers.at(authData.url);
    } catch (error) {
      this.onUnreachable(error);
      return tried;
    }
    if (this.#isOver) return undefined;
    const answer = new WorkerAnswer(this.#responder, this);
    this.#answer = answer;
    const leftMs = this.#deadlineMs && this.#deadlineMs - (performance.now() - this.#arrivedAt);
    const head = this.#workerRequest.headFor(connections, leftMs);
    const body = envelopeOf(authData, json);
    answer.call = connections.pool.send({ head, body, timeouts: TIMEOUTS, onResent: undefined }, answer);
    return tried;
  }

  #settle(failure: TryFailure | undefined): void {
    const onTried = this.#onTried;
    this.#onTried = undefined;
    onTried?.(failure);
  }

  /** Its body is not needed any more. */
  #release(): void {
    this.#context.held.release(this.#charged);
    this.#charged = 0;
    this.#body = undefined;
  }

  #end(status: string, message?: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#release();
    this.#answer?.cancel();
    this.#leaving.abort();
    this.#settle(undefined);
    if (this.#isCounted) this.#target.key?.ended();
    this.#metrics.active--;
    this.#metrics.ended(status);
    this.#context.requests.delete(this);
    this.#log("info", "request ended", { status, ...(message !== undefined && { message }) });
  }

  #log(level: "info" | "warn" | "error", event: string, more: object): void {
    const { endpoint, path, key } = this.#target;
    this.#context.log[level](
      {
        requestId: this.#requestId,
        endpoint: endpoint.name,
        path: path.slice(0, 200),
        ...(key !== undefined && { key: key.name }),
        ...(this.#worker !== "" && { worker: this.#worker }),
        tries: this.#tries,
        ms: Math.round(performance.now() - this.#arrivedAt),
        ...more,
      },
      event,
    );
  }
}

const isTemporary = ({ code }: TsworkerError): boolean =>
  code === "NO_WORKER_READY" || code === "ENGINE_UNREACHABLE";

/** A message with its cause: the code of the system's error. */
function messageOf(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
