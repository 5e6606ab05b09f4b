import { jsonText } from "../../shared/json-text.js";
import { wallClock } from "../../shared/wall-clock.js";
import type { Edge } from "../request/edge.js";
import type { BodyFormat } from "../request/envelope/body.js";
import { MAX_AUTH_BYTES } from "../request/envelope/envelope.js";
import { JsonScanner } from "../request/envelope/json-scanner.js";
import { decodeMsgpack } from "../request/envelope/msgpack.js";
import { MsgpackScanner } from "../request/envelope/msgpack-scanner.js";
import { answers, type WorkerAnswer } from "../server/answer.js";
import type { HttpEndpoint } from "../server/http-server.js";
import type { CallbackRules } from "../session/session-terms.js";
import type { Session } from "../session/sessions.js";
import { bodyEndpoint, wholeBody } from "./endpoint-kinds.js";
import { SessionCreation } from "./session-creation.js";

/** Bytes: what a session is to send when it closes is kept as long as it lives. */
const CREATION_LIMIT = 1024 * 1024;
/** Bytes of a question about a session, whose parts are the two below. */
const QUESTION_LIMIT = 64 * 1024;
const MAX_ID_BYTES = 1024;

const ID = 0;
const AUTH = 1;
const KEYS = ["session_id", "session_auth"];
const scanners = { json: new JsonScanner(KEYS), msgpack: new MsgpackScanner(KEYS, QUESTION_LIMIT) };

export interface SessionRoutesOptions {
  readonly edge: Edge;
  /** Which hosts a session may call when it closes. */
  readonly rules: CallbackRules;
  readonly onFault: (error: unknown) => void;
}

/** The routes `/session/…`. */
export class SessionRoutes {
  readonly #edge: Edge;
  readonly #rules: CallbackRules;
  readonly #onFault: (error: unknown) => void;

  constructor({ edge, rules, onFault }: SessionRoutesOptions) {
    this.#edge = edge;
    this.#rules = rules;
    this.#onFault = onFault;
  }

  /** For clients. */
  get endpoints(): readonly HttpEndpoint[] {
    return [
      bodyEndpoint({
        path: "/session/create",
        limit: CREATION_LIMIT,
        take: (format, expected, answer) =>
          new SessionCreation({
            edge: this.#edge,
            rules: this.#rules,
            format,
            reader: {
              unverified: this.#edge.unverified,
              expected,
              onTooSlow: () => answer(answers.bodyTooSlow()),
            },
            answer,
          }),
        onFault: this.#onFault,
      }),
      this.#endpoint("/session/get", (body, format) =>
        this.#ask(body, format, answers.unknownSession, (session) =>
          session.isOpen ? answers.ok(described(session)) : answers.unknownSession(),
        ),
      ),
      this.#endpoint("/session/health", (body, format) =>
        this.#ask(
          body,
          format,
          () => answers.ok({ ok: false }),
          ({ isOpen }) => answers.ok({ ok: isOpen }),
        ),
      ),
      this.end,
    ];
  }

  /** For clients, and for the model server, which may be the first to detect that a session is over. */
  get end(): HttpEndpoint {
    return this.#endpoint("/session/end", (body, format) =>
      this.#ask(body, format, answers.noSessionToEnd, (session) => {
        if (!session.isOpen) return answers.sessionAlreadyClosed();
        this.#edge.sessions.end(session);
        return answers.ok({ ended: true, removed_session: session.id });
      }),
    );
  }

  #endpoint(path: string, answer: (body: Buffer, format: BodyFormat) => WorkerAnswer): HttpEndpoint {
    return bodyEndpoint({ path, limit: QUESTION_LIMIT, take: wholeBody(answer), onFault: this.#onFault });
  }

  /** Reads which session is meant, and answers its owner. No other part of the body becomes a value. */
  #ask(
    body: Buffer,
    format: BodyFormat,
    unknown: (id: string) => WorkerAnswer,
    answer: (session: Session) => WorkerAnswer,
  ): WorkerAnswer {
    const scanner = scanners[format];
    const valueAt = (key: number, limit: number): unknown => {
      const [start, end] = [scanner.spans.startOf(key), scanner.spans.endOf(key)];
      if (start < 0 || end - start > limit) return undefined;
      const bytes = body.subarray(start, end);
      // A session is kept as JSON.
      return JSON.parse(format === "json" ? bytes.toString("utf8") : jsonText(decodeMsgpack(bytes)));
    };
    try {
      scanner.reset();
      scanner.push(body);
      scanner.end();
    } catch {
      return format === "json" ? answers.invalidJson() : answers.invalidMsgpack();
    }
    const id = valueAt(ID, MAX_ID_BYTES);
    if (typeof id !== "string" || id === "") return answers.missingSessionId();
    const session = this.#edge.sessions.find(id);
    if (session === undefined) return unknown(id);
    return this.#edge.sessions.isOwner(session, valueAt(AUTH, MAX_AUTH_BYTES))
      ? answer(session)
      : answers.notTheOwner();
  }
}

const described = ({ id, authData, terms, expiresAt, createdAt }: Session) => ({
  session_id: id,
  auth_data: authData,
  lifetime: terms.lifetime,
  expiration: wallClock.secondsAt(expiresAt),
  created_at: wallClock.secondsAt(createdAt),
  on_close_route: terms.onCloseRoute,
  on_close_payload: terms.onClosePayload,
});
