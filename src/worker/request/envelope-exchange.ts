import type { AuthData } from "../../shared/wire.js";
import { DEFAULT_WORKLOAD } from "../config/workload.js";
import { Entry } from "../report/ledger.js";
import { answers } from "../server/answer.js";
import type { Refusal } from "./admission.js";
import type { BodyBytes, BodyFormat } from "./envelope/body.js";
import {
  type Authorizer,
  answerToReadFailure,
  type ReadResult,
  type ScannedEnvelope,
} from "./envelope/envelope.js";
import { EnvelopeReader, type ReaderOptions, readEnvelope } from "./envelope/envelope-reader.js";
import { readyPayload } from "./envelope/payload.js";
import { Exchange } from "./exchange.js";

/** A request that is not admitted. */
interface RefusedRequest {
  readonly refusal: Refusal;
  readonly authData: AuthData;
  readonly sessionId: string | null | undefined;
  /** It is signed. */
  readonly isVerified: boolean;
}

/**
 * A request that comes as an envelope. The sender is checked as soon as `auth_data` has arrived, before the rest of the body, and
 * nothing more is read of a refused request. The payload is parsed afterwards, and only where the handler needs its value.
 */
export abstract class EnvelopeExchange extends Exchange implements Authorizer {
  /** For a body that arrives in several pieces, until it is complete. */
  #reader: EnvelopeReader | undefined;
  #options: ReaderOptions | undefined;
  #refused: RefusedRequest | undefined;

  authorize(authData: AuthData, sessionId: string | null | undefined): boolean {
    const senderRefusal = this.admission.checkSender(authData);
    const refusal = senderRefusal ?? this.admission.checkRequest(authData, sessionId);
    if (refusal === undefined) return true;
    this.#refused = { refusal, authData, sessionId, isVerified: senderRefusal === undefined };
    return false;
  }

  /**
   * Reads the next piece of the body.
   *
   * @param piece valid during the call.
   * @param expected bytes of the whole body; 0 where that is not known.
   */
  protected read(piece: Buffer, isLast: boolean, format: BodyFormat, expected: number): void {
    if (this.#reader === undefined && isLast) {
      this.#onRead(readEnvelope(piece, format, this), format);
      return;
    }
    this.#options ??= {
      authorizer: this,
      unverified: this.admission.unverified,
      expected,
      onTooSlow: () => this.refuse(answers.bodyTooSlow()),
      onResult: (result) => this.#onLateResult(result, format),
    };
    this.#reader ??= new EnvelopeReader(format, this.#options);
    this.#onRead(this.#reader.read(piece, isLast, this.#options), format);
  }

  #onLateResult(result: ReadResult, format: BodyFormat): void {
    try {
      this.#onRead(result, format);
    } catch (error) {
      this.onInternalError(error);
    }
  }

  protected override get isBodyUnfinished(): boolean {
    return this.#reader?.isWhole === false;
  }

  protected override closeBody(): void {
    this.#reader?.close();
    this.#reader = undefined;
  }

  #onRead(result: ReadResult | undefined, format: BodyFormat): void {
    if (result === undefined) return;
    switch (result.kind) {
      case "refused":
        this.#onRefused(result.payload, format);
        return;
      case "envelope":
        this.closeBody();
        this.#onEnvelope(result, format);
        return;
      default:
        this.refuse(answerToReadFailure(result));
    }
  }

  #onEnvelope(envelope: ScannedEnvelope, format: BodyFormat): void {
    const { authData, sessionId } = envelope;
    const payload = readyPayload(envelope.payload, format, this.route.handler);
    if (payload.kind !== "payload") {
      this.onPayloadResult(payload);
      return;
    }
    const entry = this.#entryOf(authData, sessionId, this.workloadOf(payload.value));
    this.sessionId = sessionId;
    this.takeIn(payload, entry, () => envelope.source.wholeBody());
  }

  /** @param payload undefined: it has not arrived, and the default workload is accounted. */
  #onRefused(payload: BodyBytes | undefined, format: BodyFormat): void {
    const refused = this.#refused;
    if (refused === undefined) return;
    const { refusal, authData, sessionId, isVerified } = refused;
    const { handler } = this.route;
    const ready =
      isVerified && refusal.isReported && payload !== undefined && handler.workloadCalculator !== undefined
        ? readyPayload(payload, format, handler)
        : undefined;
    const workload = ready?.kind === "payload" ? this.workloadOf(ready.value) : DEFAULT_WORKLOAD;
    const entry = this.#entryOf(authData, sessionId ?? null, workload);
    if (refusal.isReported) {
      if (isVerified) this.admission.reject(entry);
      else this.admission.rejectUnverified();
    }
    this.refuse(refusal.answer, entry);
  }

  #entryOf(authData: AuthData, sessionId: string | null, workload: number): Entry {
    const kind = sessionId === null ? "request" : "in-session";
    return new Entry(kind, authData.request_idx, authData.reqnum, workload, this.arrivedAt);
  }
}
