import type { Framing } from "./answer-head.js";
import type { Connection } from "./connection.js";

/** Early ends in a row after which the server is assumed to close its connections. */
const LEARNT_AFTER = 3;

/** Milliseconds after an answer within which the end of its connection is early. No server's idle limit is that short. */
export const EARLY_MS = 250;

/**
 * Detects that the model server closes its connections just after its answers without announcing it, as llama.cpp does
 * after streamed answers. Connections are then not reused after answers of that framing.
 *
 * One connection at a time is left open as a witness: if the server does not close it, connections are reused again.
 */
export class ClosingHabits {
  readonly #earlyEnds: Record<Framing, number> = { none: 0, length: 0, chunked: 0, close: 0 };
  readonly #witnesses = new Map<Framing, Connection>();

  /** The server ended a connection within `EARLY_MS` of an answer. */
  onEndedEarly(framing: Framing): void {
    this.#earlyEnds[framing]++;
  }

  /** A connection has carried another answer. */
  onReused(framing: Framing): void {
    this.#earlyEnds[framing] = 0;
  }

  /** @returns whether the connection, which has just become free, is to be reused. */
  admits(connection: Connection): boolean {
    const { framing } = connection;
    if (this.#earlyEnds[framing] < LEARNT_AFTER) return true;
    const witness = this.#witnesses.get(framing);
    if (witness === undefined || witness.isClosed) this.#witnesses.set(framing, connection);
    else connection.destroy();
    return false;
  }

  /** There are witnesses to check later. */
  get hasWitnesses(): boolean {
    return this.#witnesses.size > 0;
  }

  /** @returns the witnesses that the server did not close; connections like them are reused from now on. */
  takeProven(now: number): readonly Connection[] {
    const proven: Connection[] = [];
    for (const [framing, witness] of this.#witnesses) {
      if (!witness.isClosed && now - witness.freeSince < EARLY_MS) continue;
      this.#witnesses.delete(framing);
      if (witness.isClosed) continue;
      this.#earlyEnds[framing] = 0;
      proven.push(witness);
    }
    return proven;
  }
}
