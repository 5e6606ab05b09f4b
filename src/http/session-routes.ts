import { jsonText } from "../json-text.js";
import { type CallbackRules, sessionTerms } from "../session/session-terms.js";
import type { Session } from "../session/sessions.js";
import { wallClock } from "../wall-clock.js";
import type { AuthData, Payload } from "../wire.js";
import { type Answer, answers } from "./answer.js";
import { bodyEndpoint } from "./body-endpoint.js";
import type { Edge } from "./edge.js";
import { type BodyFormat, bodyFields, decodeBody, envelopeFaults, type Faults } from "./envelope.js";
import type { Endpoint } from "./http-server.js";

/** Bytes: what a session is to send when it closes is kept as long as it lives. */
const BODY_LIMIT = 1024 * 1024;

/** The fields of a body that is an object, or why it cannot be had. */
function fieldsOf(body: Buffer, format: BodyFormat): Answer | { readonly fields: Readonly<Payload> } {
  const decoded = decodeBody(body, format);
  if (decoded.kind === "invalid-json") return answers.invalidJson();
  if (decoded.kind === "invalid-msgpack") return answers.invalidMsgpack();
  // What a session keeps is told again as JSON, so it is kept as that.
  const value: unknown = format === "json" ? decoded.value : JSON.parse(jsonText(decoded.value));
  return { fields: bodyFields(value) };
}

const isAnswer = (value: object): value is Answer => "status" in value;

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
  get endpoints(): readonly Endpoint[] {
    return [
      this.#endpoint("/session/create", (body, format) => this.#create(body, format)),
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

  /** For clients, and for the model server, which may know better than they when a session is over. */
  get end(): Endpoint {
    return this.#endpoint("/session/end", (body, format) =>
      this.#ask(body, format, answers.noSessionToEnd, (session) => {
        if (!session.isOpen) return answers.sessionAlreadyClosed();
        this.#edge.sessions.end(session);
        return answers.ok({ ended: true, removed_session: session.id });
      }),
    );
  }

  #endpoint(path: string, answer: (body: Buffer, format: BodyFormat) => Answer): Endpoint {
    return bodyEndpoint({ path, limit: BODY_LIMIT, answer, onFault: this.#onFault });
  }

  #create(body: Buffer, format: BodyFormat): Answer {
    const read = fieldsOf(body, format);
    if (isAnswer(read)) return read;
    const { fields } = read;
    const faults: Record<string, Faults[string]> = { ...envelopeFaults(fields) };
    const payload = fields.payload as Payload;
    const result = faults.payload === undefined ? sessionTerms(payload, this.#rules) : undefined;
    if (result?.kind === "faults") faults.payload = result.faults;
    if (result?.kind !== "terms" || Object.keys(faults).length > 0) return answers.faults(faults);
    return this.#edge.createSession(fields.auth_data as AuthData, result.terms);
  }

  /** Reads which session is meant, and answers its owner. */
  #ask(
    body: Buffer,
    format: BodyFormat,
    unknown: (id: string) => Answer,
    answer: (session: Session) => Answer,
  ): Answer {
    const read = fieldsOf(body, format);
    if (isAnswer(read)) return read;
    const { session_id: id, session_auth: auth } = read.fields;
    if (typeof id !== "string" || id === "") return answers.missingSessionId();
    const session = this.#edge.sessions.find(id);
    if (session === undefined) return unknown(id);
    return this.#edge.sessions.isOwner(session, auth) ? answer(session) : answers.notTheOwner();
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
