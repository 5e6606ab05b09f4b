import type { HttpRequest, HttpResponse } from "uWebSockets.js";
import { nanoid } from "nanoid";
import type { Outcome } from "../../machines/events.js";
import type { Handler } from "../config.js";
import type { TsworkerError } from "../errors.js";
import type { Log } from "../log.js";
import type { ModelClient } from "../model/client.js";
import type { Entry } from "../report/ledger.js";
import type { AuthData } from "../wire.js";
import { workloadOf } from "../workload.js";
import { type Answer, answers } from "./answer.js";
import { BodyReader, type BodySink } from "./body-reader.js";
import { type ParsedEnvelope, parseEnvelope } from "./envelope.js";
import { FunctionAnswer, type FunctionSink } from "./function-answer.js";
import { GeneratedAnswer, type GeneratedSink } from "./generated-answer.js";
import { Relay } from "./relay.js";
import { sendAnswer } from "./send-answer.js";
import type { StallWatch } from "./stall-watch.js";

/** A handler with what it needs to serve requests. */
export interface Route {
  readonly handler: Handler;
  /** Undefined for a handler with a `remoteFunction`. */
  readonly model: ModelClient | undefined;
}

/** Who decides about requests and keeps the books of them. */
export interface Gate {
  readonly log: Log;
  readonly watch: StallWatch;
  /** Largest body in bytes. */
  readonly maxBodyBytes: number;
  /** Why a request may not be admitted now; undefined when it may. */
  refusalOf(authData: AuthData, sessionId: string | null, handler: Handler): Refusal | undefined;
  reject(entry: Entry): void;
  /** Takes a request in: from here on it ends exactly once. */
  admit(exchange: Exchange, entry: Entry): void;
  /** An admitted request has ended. */
  end(exchange: Exchange, entry: Entry, outcome: Exclude<Outcome, "rejected">): void;
}

/** Why a request is not admitted, and whether the engine is told that it was rejected. */
export interface Refusal {
  readonly answer: Answer;
  readonly counts: boolean;
}

/** What makes the answer. */
interface Work {
  /** The head of the answer went out: the client can be told nothing else any more. */
  readonly hasBegun: boolean;
  /** Nobody waits for the answer any more. */
  cancel(): void;
}

/** Characters of a request's id: enough to be unique in any log. */
const ID_LENGTH = 12;

/**
 * One request from its first byte to its end. It holds the connection; the actors know it by its id only.
 *
 * ```
 * reading ─▶ admitted: waiting ─▶ running ─▶ ended
 *    └──────────▶ refused
 * ```
 *
 * It hears of the body, the model's answer and the user's function itself, rather than through closures made
 * for each request.
 *
 * Invariant: what was admitted ends exactly once, by `#end`, whatever the client and the model do.
 */
export class Exchange implements BodySink, GeneratedSink, FunctionSink {
  readonly id = nanoid(ID_LENGTH);
  readonly route: Route;
  readonly #gate: Gate;
  /** Undefined as soon as it was answered or the client is gone: it must not be touched any more. */
  #res: HttpResponse | undefined;
  readonly #arrivedAt = Date.now();
  /** For bodies that come in pieces. */
  #reader: BodyReader | undefined;
  /** The client's request for a `responseGenerator`, which is read before the request object dies. */
  readonly #clientRequest: Request | undefined;
  #entry: Entry | undefined;
  #envelope: ParsedEnvelope | undefined;
  #work: Work | undefined;

  constructor(gate: Gate, route: Route, res: HttpResponse, req: HttpRequest) {
    this.#gate = gate;
    this.route = route;
    this.#res = res;
    if (route.handler.responseGenerator !== undefined)
      this.#clientRequest = clientRequest(route.handler.route, req);
    const announced = Number(req.getHeader("content-length")) || 0;
    if (announced > gate.maxBodyBytes) {
      this.onTooLarge();
      return;
    }
    res.onData((chunk, isLast) => this.#onChunk(Buffer.from(chunk), isLast, announced));
    res.onAborted(() => this.#onClientGone());
  }

  /** Its turn has come. */
  start(): void {
    const { handler, model } = this.route;
    const entry = this.#entry;
    const envelope = this.#envelope;
    const res = this.#res;
    if (entry === undefined || envelope === undefined || res === undefined) return;
    this.#envelope = undefined;
    entry.startedAt = Date.now();
    if (handler.remoteFunction !== undefined) {
      const answer = new FunctionAnswer(res, this.#gate.watch, this);
      this.#work = answer;
      void answer.call(handler.remoteFunction, envelope.payload);
      return;
    }
    if (model === undefined) throw new Error(`${handler.route} has neither a model nor a remoteFunction`);
    const answer =
      handler.responseGenerator === undefined || this.#clientRequest === undefined
        ? new Relay(res, this.#gate.watch, this)
        : new GeneratedAnswer(res, this.#gate.watch, this.#clientRequest, handler.responseGenerator, this);
    this.#work = answer;
    answer.call = model.post(handler.route, envelope.body, answer);
  }

  /** The worker ends it: the client is told where that is still possible. */
  abort(answer: Answer): void {
    this.#work?.cancel();
    this.#fail(answer);
  }

  /** A fault of the worker's own: it ends this request and no other. */
  onFault(error: unknown): void {
    this.#gate.log.error(
      { id: this.id, route: this.route.handler.route, err: error },
      "request handling failed",
    );
    this.#work?.cancel();
    if (this.#entry === undefined) this.#refuse(answers.workerFailed());
    else this.#fail(answers.workerFailed());
  }

  onBody(body: Buffer): void {
    const { handler } = this.route;
    const result = parseEnvelope(body, handler);
    switch (result.kind) {
      case "invalid-json":
        this.#refuse(answers.invalidJson());
        break;
      case "faults":
        this.#refuse(answers.faults(result.faults));
        break;
      case "parser-threw":
        this.#onUserCodeThrew("requestParser", result.error);
        break;
      case "envelope":
        this.#onEnvelope(result.envelope);
    }
  }

  onTooLarge(): void {
    this.#refuse(answers.bodyTooLarge(this.#gate.maxBodyBytes));
  }

  onTooSlow(): void {
    this.#refuse(answers.bodyTooSlow());
  }

  onRelayed(status: number): void {
    this.#res = undefined;
    this.#end("success", status);
  }

  onModelFailed(error: TsworkerError): void {
    this.#gate.log.warn({ id: this.id, route: this.route.handler.route, err: error }, "model failed");
    this.#fail(answers.modelFailed(error));
  }

  onThrown(error: unknown): void {
    const { remoteFunction } = this.route.handler;
    this.#onUserCodeThrew(remoteFunction === undefined ? "responseGenerator" : "remoteFunction", error);
  }

  #onChunk(chunk: Buffer, isLast: boolean, announced: number): void {
    const res = this.#res;
    if (res === undefined || this.#entry !== undefined) return;
    const limit = this.#gate.maxBodyBytes;
    try {
      if (this.#reader === undefined && isLast && chunk.length <= limit) {
        this.onBody(chunk);
        return;
      }
      this.#reader ??= new BodyReader(res, announced, limit, this.#gate.watch, this);
      this.#reader.push(chunk, isLast);
    } catch (error) {
      this.onFault(error);
    }
  }

  #onEnvelope(envelope: ParsedEnvelope): void {
    const { authData, payload, sessionId } = envelope;
    const entry: Entry = {
      requestIdx: authData.request_idx,
      reqnum: authData.reqnum,
      workload: workloadOf(this.route.handler, payload, this.#gate.log),
      arrivedAt: this.#arrivedAt,
      startedAt: 0,
    };
    const refusal = this.#gate.refusalOf(authData, sessionId, this.route.handler);
    if (refusal !== undefined) {
      if (refusal.counts) this.#gate.reject(entry);
      this.#refuse(refusal.answer, entry);
      return;
    }
    this.#entry = entry;
    this.#envelope = envelope;
    this.#gate.admit(this, entry);
  }

  #onClientGone(): void {
    // It ended before: an answer that was broken off closes the connection.
    if (this.#res === undefined) return;
    this.#res = undefined;
    this.#reader?.close();
    const work = this.#work;
    this.#work = undefined;
    work?.cancel();
    if (this.#entry !== undefined) this.#end("cancelled", 499);
    else this.#log("cancelled", 499);
  }

  #onUserCodeThrew(option: string, error: unknown): void {
    this.#gate.log.error({ id: this.id, route: this.route.handler.route, err: error }, `${option} threw`);
    if (this.#entry === undefined) this.#refuse(answers.userCodeThrew());
    else this.#fail(answers.userCodeThrew());
  }

  #refuse(answer: Answer, entry?: Entry): void {
    this.#send(answer);
    this.#log("rejected", answer.status, entry);
  }

  #send(answer: Answer): void {
    const res = this.#res;
    this.#res = undefined;
    if (res !== undefined) sendAnswer(res, answer);
  }

  /** Ends as an error; an answer that has begun is broken off, so that the client sees that it is not whole. */
  #fail(answer: Answer): void {
    const broken = this.#work?.hasBegun ? this.#res : undefined;
    if (broken === undefined) this.#send(answer);
    this.#res = undefined;
    this.#end("error", answer.status);
    broken?.close();
  }

  #end(outcome: Exclude<Outcome, "rejected">, status: number): void {
    const entry = this.#entry;
    if (entry === undefined) return;
    this.#entry = undefined;
    this.#envelope = undefined;
    this.#work = undefined;
    this.#gate.end(this, entry, outcome);
    this.#log(outcome, status, entry);
  }

  #log(outcome: Outcome, status: number, entry?: Entry): void {
    const { log } = this.#gate;
    if (!log.isLevelEnabled("debug")) return;
    const now = Date.now();
    log.debug(
      {
        id: this.id,
        route: this.route.handler.route,
        outcome,
        status,
        ...(entry && { workload: entry.workload, wait: (entry.startedAt || now) - entry.arrivedAt }),
        ms: now - this.#arrivedAt,
      },
      "request",
    );
  }
}

/** What the client sent, but for the body. It may be anything; what fetch does not take is left out. */
function clientRequest(route: string, req: HttpRequest): Request {
  const headers = new Headers();
  req.forEach((name, value) => {
    try {
      headers.append(name, value);
    } catch {
      // No header that fetch knows how to hold.
    }
  });
  const query = req.getQuery();
  const origin = `http://${req.getHeader("host")}`;
  const isHost = URL.canParse(origin) && new URL(origin).href === `${new URL(origin).origin}/`;
  const url = new URL(`${route}${query ? `?${query}` : ""}`, isHost ? origin : "http://localhost");
  return new Request(url, { method: "POST", headers });
}
