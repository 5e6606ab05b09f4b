import type { BodySource, BodyTarget } from "../model/call.js";
import type { Responder } from "../server/http-server.js";
import { BodyBuffer, type BodyBytes } from "./envelope/body.js";
import type { UnverifiedBodies, UnverifiedBody } from "./envelope/unverified-bodies.js";

/**
 * A body that is read as a whole. Bodies of unknown senders share a memory budget, from which each takes its bytes until it
 * is released, and each must arrive at a minimum rate.
 */
export class KeptBody implements UnverifiedBody {
  readonly startedAt = performance.now();
  readonly #buffer = new BodyBuffer();
  readonly #expected: number;
  readonly #budget: UnverifiedBodies | undefined;
  #charged = 0;

  /**
   * @param expected bytes; 0 where that is not known.
   * @param budget undefined: the sender is known.
   */
  constructor(
    expected: number,
    budget: UnverifiedBodies | undefined,
    readonly onTooSlow: () => void,
  ) {
    // Nothing is allocated for what an unknown sender has only announced.
    this.#expected = budget === undefined ? expected : 0;
    this.#budget = budget;
    budget?.add(this);
  }

  get length(): number {
    return this.#buffer.length;
  }

  /** @returns false where the budget is exhausted. */
  push(piece: Buffer): boolean {
    if (this.#budget?.reserve(piece.length) === false) return false;
    this.#charged += piece.length;
    this.#buffer.push(piece, this.#expected);
    return true;
  }

  /** All of it, in parts that stay valid. */
  get bytes(): BodyBytes {
    return this.#buffer.parts(0, this.length);
  }

  /** Its bytes are no longer needed here. */
  release(): void {
    this.#budget?.remove(this);
    this.#budget?.release(this.#charged);
    this.#charged = 0;
  }

  /** Its bytes are not scanned. */
  scanShare(): boolean {
    return false;
  }
}

/**
 * A body that is sent to the model as it arrives. The client is paused until the request has its turn and a connection, and
 * while the model does not read.
 */
export class StreamedBody implements BodySource {
  readonly length: number | undefined;
  readonly #responder: Responder;
  /** What was read before the client was paused. */
  #early: Buffer[] = [];
  #target: BodyTarget | undefined;
  #isWhole = false;

  /** @param length in bytes; undefined where it is not announced. */
  constructor(length: number | undefined, responder: Responder) {
    this.length = length;
    this.#responder = responder;
  }

  push(piece: Buffer, isLast: boolean): void {
    this.#isWhole = isLast;
    if (this.#target === undefined) {
      this.#early.push(Buffer.from(piece));
      if (!isLast) this.#responder.pause();
      return;
    }
    const hasRoom = this.#target.write(piece);
    if (isLast) this.#target.end();
    else if (!hasRoom) this.#responder.pause();
  }

  onOpen(target: BodyTarget): void {
    this.#target = target;
    let hasRoom = true;
    for (const piece of this.#early) hasRoom = target.write(piece);
    this.#early = [];
    if (this.#isWhole) target.end();
    else if (hasRoom) this.#responder.resume();
  }

  onDrain(): void {
    this.#responder.resume();
  }
}
