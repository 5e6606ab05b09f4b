import { isDeepStrictEqual } from "node:util";
import { customAlphabet } from "nanoid";
import type {
  SessionClosed,
  SessionClosing,
  SessionsAborted,
  SessionsOpened,
} from "../../../machines/events.js";
import type { AuthData } from "../../shared/wire.js";
import type { Entry, Ledger } from "../report/ledger.js";
import type { SessionTerms } from "./session-terms.js";

/** What the clients of a session may request, and the requests that run in it. */
export interface Session {
  readonly id: string;
  /** As it came with the creation. */
  readonly authData: AuthData;
  readonly terms: SessionTerms;
  /** Milliseconds of `performance.now()`. */
  readonly createdAt: number;
  /** On the same clock. */
  expiresAt: number;
  /** It takes requests. */
  isOpen: boolean;
  /** Ids of the requests in it that have not ended. */
  readonly requests: Set<string>;
  /** Its reservation in the ledger. */
  readonly entry: Entry;
}

/** Events of the actors about sessions. */
export type SessionEvent = SessionClosing | SessionClosed | SessionsOpened | SessionsAborted;

export interface SessionsOptions {
  readonly ledger: Ledger;
  /** Null: no limit. */
  readonly maxSessions: number | null;
  /** Ends the requests of a session. */
  readonly abort: (requests: ReadonlySet<string>) => void;
}

/** Sessions that may be closing at once: each waits for its callback, and for those before it. */
const CLOSING_LIMIT = 1000;

const newId = customAlphabet("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 13);

/**
 * The sessions by their ids, with what their clients ask for. When a session closes is decided by its actor, which knows
 * it by its id only.
 */
export class Sessions {
  readonly #ledger: Ledger;
  readonly #max: number;
  readonly #abort: (requests: ReadonlySet<string>) => void;
  readonly #sessions = new Map<string, Session>();
  #open = 0;
  #actor: SessionsOpened["ref"] | undefined;

  constructor({ ledger, maxSessions, abort }: SessionsOptions) {
    this.#ledger = ledger;
    this.#max = maxSessions || Number.POSITIVE_INFINITY;
    this.#abort = abort;
  }

  /** Number of sessions that take requests. */
  get open(): number {
    return this.#open;
  }

  get isFull(): boolean {
    return this.#open >= this.#max || this.#sessions.size - this.#open >= CLOSING_LIMIT;
  }

  /** A session, open or closing. */
  find(id: string): Session | undefined {
    return this.#sessions.get(id);
  }

  /** Whether `auth_data` is that of the client that opened the session: the order of keys does not matter. */
  isOwner({ authData }: Session, sessionAuth: unknown): boolean {
    return isDeepStrictEqual(authData, sessionAuth);
  }

  /** @param entry its reservation: it counts from now on, until the session has closed. */
  create(authData: AuthData, terms: SessionTerms, entry: Entry): Session {
    const now = performance.now();
    const session: Session = {
      id: newId(),
      authData,
      terms,
      createdAt: now,
      expiresAt: now + terms.lifetime * 1000,
      isOpen: true,
      requests: new Set(),
      entry,
    };
    this.#sessions.set(session.id, session);
    this.#open++;
    this.#ledger.receive(entry);
    const { onCloseUrl, onClosePayload } = terms;
    this.#actor?.send({
      type: "session.opened",
      id: session.id,
      expiresAt: session.expiresAt,
      onClose: onCloseUrl === undefined ? undefined : { route: onCloseUrl, payload: onClosePayload },
    });
    return session;
  }

  /** A request was admitted into a session, which lives longer by that. */
  enter(id: string, requestId: string): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    session.requests.add(requestId);
    session.expiresAt += session.terms.lifetime * 1000;
    this.#actor?.send({ type: "session.used", id, expiresAt: session.expiresAt });
  }

  /** A request of a session has ended. */
  leave(id: string, requestId: string): void {
    this.#sessions.get(id)?.requests.delete(requestId);
  }

  /** Its client ends the session: from now on it is closing. */
  end({ id }: Session): void {
    this.#actor?.send({ type: "session.end", id, reason: "ended" });
  }

  receive(event: SessionEvent): void {
    switch (event.type) {
      case "session.closing": {
        const session = this.#sessions.get(event.id);
        if (session !== undefined) this.#close(session);
        return;
      }
      case "session.closed": {
        const session = this.#sessions.get(event.id);
        if (session !== undefined) this.#remove(session, "success");
        return;
      }
      case "sessions.opened":
        // The actor that would have closed the earlier ones has ended.
        for (const session of this.#sessions.values()) this.#remove(session, "error");
        this.#actor = event.ref;
        return;
      case "sessions.aborted":
        for (const session of this.#sessions.values()) this.#remove(session, "success");
        return;
    }
  }

  #close(session: Session): void {
    if (!session.isOpen) return;
    session.isOpen = false;
    this.#open--;
    this.#abort(session.requests);
  }

  #remove(session: Session, outcome: "success" | "error"): void {
    this.#close(session);
    this.#sessions.delete(session.id);
    this.#ledger.end(session.entry, outcome, performance.now());
  }
}
