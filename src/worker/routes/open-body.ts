import { BodyBuffer } from "../request/envelope/body.js";
import type { UnverifiedBodies, UnverifiedBody } from "../request/envelope/unverified-bodies.js";
import { answers, sendAnswer, type WorkerAnswer } from "../server/answer.js";
import type { RequestSink, Responder } from "../server/http-server.js";

/** Receives a whole body, or the notice that none comes. */
export interface OpenBodySink {
  /** @param parts stay valid. */
  onBody(parts: readonly Buffer[]): void;
  /** The client has disconnected, also after its body came, or the body was refused. */
  onEnd(): void;
}

/**
 * The whole body of an unsigned request. All such bodies share a memory budget, from which each takes its bytes until its
 * request is released, and each must arrive at a minimum rate.
 */
export class OpenBody implements RequestSink, UnverifiedBody {
  readonly startedAt = performance.now();
  readonly #responder: Responder;
  readonly #limit: number;
  readonly #budget: UnverifiedBodies;
  readonly #sink: OpenBodySink;
  readonly #kept = new BodyBuffer();
  #charged = 0;

  constructor(responder: Responder, limit: number, budget: UnverifiedBodies, sink: OpenBodySink) {
    this.#responder = responder;
    this.#limit = limit;
    this.#budget = budget;
    this.#sink = sink;
  }

  receive(): void {
    this.#budget.add(this);
    this.#responder.receive(this.#limit, this);
  }

  get length(): number {
    return this.#kept.length;
  }

  /** Its memory is free for others. */
  release(): void {
    this.#budget.remove(this);
    this.#budget.release(this.#charged);
    this.#charged = 0;
  }

  onPiece(piece: Buffer, isLast: boolean): void {
    if (!this.#budget.reserve(piece.length)) {
      this.#refuse(answers.openBodiesFull());
      return;
    }
    this.#charged += piece.length;
    // Nothing is allocated for what has only been announced.
    this.#kept.push(piece, 0);
    if (!isLast) return;
    this.#budget.markVerified(this);
    this.#sink.onBody(this.#kept.parts(0, this.#kept.length));
  }

  onTooLarge(): void {
    this.#refuse(answers.bodyTooLarge(this.#limit));
  }

  onTooSlow(): void {
    this.#refuse(answers.bodyTooSlow());
  }

  onDisconnect(): void {
    this.#sink.onEnd();
  }

  /** Its bytes are not scanned. */
  scanShare(): boolean {
    return false;
  }

  #refuse(answer: WorkerAnswer): void {
    sendAnswer(this.#responder, answer);
    this.#sink.onEnd();
  }
}
