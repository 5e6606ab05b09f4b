import { jsonText } from "../../shared/json-text.js";
import type { AuthData, Payload } from "../../shared/wire.js";
import { costOf } from "../config/workload.js";
import { Entry } from "../report/ledger.js";
import type { Refusal } from "../request/admission.js";
import type { Edge } from "../request/edge.js";
import { type BodyFormat, wholeOf } from "../request/envelope/body.js";
import {
  type Authorizer,
  answerToReadFailure,
  type ReadResult,
  type ScannedEnvelope,
} from "../request/envelope/envelope.js";
import { EnvelopeReader, type ReaderOptions } from "../request/envelope/envelope-reader.js";
import { decodeMsgpack } from "../request/envelope/msgpack.js";
import { answers, type WorkerAnswer } from "../server/answer.js";
import { type CallbackRules, sessionTerms } from "../session/session-terms.js";
import type { BodyTaker } from "./endpoint-kinds.js";

export interface CreationOptions {
  readonly edge: Edge;
  readonly rules: CallbackRules;
  readonly format: BodyFormat;
  readonly reader: Omit<ReaderOptions, "authorizer" | "onResult">;
  /** Receives the answer if `onPiece` did not return it yet. */
  readonly answer: (answer: WorkerAnswer) => void;
}

/** A request for a session; only its sender is checked before it is decided whether a session may be opened. */
export class SessionCreation implements BodyTaker, Authorizer {
  readonly #edge: Edge;
  readonly #rules: CallbackRules;
  readonly #format: BodyFormat;
  readonly #options: ReaderOptions;
  readonly #reader: EnvelopeReader;
  readonly #arrivedAt = performance.now();
  #refusal: Refusal | undefined;

  constructor({ edge, rules, format, reader, answer }: CreationOptions) {
    this.#edge = edge;
    this.#rules = rules;
    this.#format = format;
    this.#options = {
      ...reader,
      authorizer: this,
      onResult: (result) => {
        const late = this.#answerTo(result);
        if (late !== undefined) answer(late);
      },
    };
    this.#reader = new EnvelopeReader(format, this.#options);
  }

  onPiece(piece: Buffer, isLast: boolean): WorkerAnswer | undefined {
    return this.#answerTo(this.#reader.read(piece, isLast, this.#options));
  }

  onEnd(): void {
    this.#reader.close();
  }

  authorize(authData: AuthData): boolean {
    const unverified = this.#edge.checkSender(authData);
    this.#refusal = unverified ?? this.#edge.checkNewSession(authData);
    if (this.#refusal?.isReported === true) {
      if (unverified === undefined) this.#edge.reject(this.#entryOf(authData));
      else this.#edge.rejectUnverified();
    }
    return this.#refusal === undefined;
  }

  #answerTo(result: ReadResult | undefined): WorkerAnswer | undefined {
    const answer = this.#answerOf(result);
    return answer === undefined || this.#reader.isWhole ? answer : { ...answer, dropsRest: true };
  }

  #answerOf(result: ReadResult | undefined): WorkerAnswer | undefined {
    if (result === undefined) return undefined;
    switch (result.kind) {
      case "refused":
        return this.#refusal?.answer;
      case "envelope":
        return this.#create(result);
      default:
        return answerToReadFailure(result);
    }
  }

  #create({ authData, payload }: ScannedEnvelope): WorkerAnswer {
    // Stored as JSON, because it is sent again as JSON.
    const isJson = this.#format === "json";
    const bytes = wholeOf(payload);
    const text = isJson ? bytes.toString("utf8") : jsonText(decodeMsgpack(bytes));
    const result = sessionTerms(JSON.parse(text) as Payload, this.#rules);
    if (result.kind === "faults") return answers.invalidFields({ payload: result.faults });
    const kept = isJson ? authData : (JSON.parse(jsonText(authData)) as AuthData);
    return this.#edge.createSession(kept, result.terms, this.#entryOf(authData));
  }

  #entryOf({ request_idx: requestIdx, reqnum, cost }: AuthData): Entry {
    return new Entry("session", requestIdx, reqnum, costOf(cost), this.#arrivedAt);
  }
}
