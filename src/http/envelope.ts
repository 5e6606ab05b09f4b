import { isUtf8 } from "node:buffer";
import type { Handler } from "../config.js";
import { PayloadError } from "../errors.js";
import { jsonText, whyUnwritable } from "../json-text.js";
import { encodeMultipart, type MultipartPart, multipartParts } from "../model/multipart.js";
import type { AuthData, Payload } from "../wire.js";
import { checkJsonCost } from "./json-cost.js";
import { decodeMsgpack } from "./msgpack.js";
import { payloadBytes } from "./payload-bytes.js";

/** How a body is written. */
export type BodyFormat = "json" | "msgpack";

/** A request's envelope: as it was sent, checked. */
export interface ParsedEnvelope {
  readonly authData: AuthData;
  /** The payload after the handler's `requestParser`. */
  readonly payload: Payload;
  /** What the model is sent; empty for a handler with a `remoteFunction`, which has none. */
  readonly body: Buffer | string;
  /** Of `body`. */
  readonly contentType: string;
  readonly sessionId: string | null;
}

/** Faults by field, as the client is told. */
export type Faults = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

/** The body is not what it was said to be. */
export type InvalidBody = { readonly kind: "invalid-json" } | { readonly kind: "invalid-msgpack" };

export type EnvelopeResult =
  | { readonly kind: "envelope"; readonly envelope: ParsedEnvelope }
  | InvalidBody
  | { readonly kind: "faults"; readonly faults: Faults }
  | { readonly kind: "parser-threw"; readonly error: unknown };

const JSON_TYPE = "application/json";

const INVALID: Readonly<Record<BodyFormat, InvalidBody>> = {
  json: { kind: "invalid-json" },
  msgpack: { kind: "invalid-msgpack" },
};

/** Bytes, which msgpack has, are no object. */
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);

const isText = (value: unknown): boolean => typeof value === "string";
/** Beyond 2^53 a number is not the one that was sent, and the engine could not be told which request has ended. */
const isInteger = (value: unknown): boolean => Number.isSafeInteger(value);

/** The keys of `auth_data` that must be there. Further keys are the engine's business. */
const AUTH_FIELDS: readonly {
  readonly key: keyof AuthData;
  readonly accepts: (value: unknown) => boolean;
  readonly fault: string;
}[] = [
  {
    key: "cost",
    accepts: (value) =>
      isText(value) && String(value).trim() !== "" ? Number.isFinite(Number(value)) : Number.isFinite(value),
    fault: "must be a number or its text",
  },
  { key: "endpoint", accepts: isText, fault: "must be a string" },
  { key: "reqnum", accepts: isInteger, fault: "must be an integer" },
  { key: "request_idx", accepts: isInteger, fault: "must be an integer" },
  { key: "signature", accepts: isText, fault: "must be a string" },
  { key: "url", accepts: isText, fault: "must be a string" },
];

function authFaults(authData: Record<string, unknown>): Record<string, string> | undefined {
  let faults: Record<string, string> | undefined;
  for (const { key, accepts, fault } of AUTH_FIELDS) {
    const value = authData[key];
    if (value !== undefined && accepts(value)) continue;
    faults ??= {};
    faults[key] = Object.hasOwn(authData, key) ? fault : "missing parameter";
  }
  return faults;
}

/** @throws SyntaxError for a body that is not of that format. */
function decode(body: Buffer, format: BodyFormat): unknown {
  if (format === "msgpack") return decodeMsgpack(body);
  // Decoding replaces what is no UTF-8; the client is to know that it sent something else than it thinks.
  if (!isUtf8(body)) throw new SyntaxError("the body is not UTF-8");
  checkJsonCost(body);
  return JSON.parse(body.toString("utf8"));
}

/**
 * Decodes a body that is no handler's envelope. From msgpack there may be bigints and `Buffer`s in the value, which
 * `jsonText` writes.
 *
 * @param body is not kept.
 */
export function decodeBody(
  body: Buffer,
  format: BodyFormat,
): { readonly kind: "value"; readonly value: unknown } | InvalidBody {
  try {
    return { kind: "value", value: decode(body, format) };
  } catch {
    return INVALID[format];
  }
}

/** The fields of a decoded body; one that is no object has none. */
export const bodyFields = (value: unknown): Readonly<Record<string, unknown>> =>
  isObject(value) ? value : {};

/**
 * What is wrong with `auth_data`, `payload` and `session_id`, all at once. A route that does not read `session_id` gives
 * the other two only.
 *
 * @returns undefined where nothing is wrong: then `auth_data` is an {@link AuthData} and `payload` a {@link Payload}.
 */
export function envelopeFaults({
  auth_data: authData,
  payload,
  session_id: sessionId = null,
}: Readonly<Record<string, unknown>>): Faults | undefined {
  const inAuth =
    authData === undefined
      ? "field missing"
      : isObject(authData)
        ? authFaults(authData)
        : "must be an object";
  const inSession = sessionId === null || isText(sessionId) ? undefined : "must be a string or null";
  const inPayload =
    payload === undefined
      ? "field missing"
      : isObject(payload)
        ? undefined
        : { data: "payload must be a dictionary" };
  if (inAuth === undefined && inSession === undefined && inPayload === undefined) return undefined;
  return {
    ...(inAuth !== undefined && { auth_data: inAuth }),
    ...(inSession !== undefined && { session_id: inSession }),
    ...(inPayload !== undefined && { payload: inPayload }),
  };
}

/** @throws what the parser throws, and TypeError where it returns no object. */
function parsePayload(payload: Payload, requestParser: (payload: Payload) => unknown): Payload {
  const parsed = requestParser(payload);
  if (parsed instanceof Promise) parsed.catch(() => {});
  if (isObject(parsed) && !(parsed instanceof Promise)) return parsed;
  const got = parsed === null ? "null" : parsed instanceof Promise ? "a Promise" : typeof parsed;
  throw new TypeError(`requestParser: expected it to return an object, got ${got}`);
}

/**
 * Reads the body of a request to a handler route. All faults are told at once; `requestParser` and the rules for
 * multipart have their say only about a payload that is an object.
 *
 * In a payload that came in msgpack, integers beyond 2^53 are bigints and bytes are `Buffer`s, for user code too. The
 * model is sent the exact digits, and base64 text, or the file itself from a multipart handler.
 *
 * @param body is not kept: what goes to the model is copied out of it.
 */
export function parseEnvelope(
  body: Buffer,
  handler: Pick<Handler, "requestParser" | "multipart" | "remoteFunction">,
  format: BodyFormat,
): EnvelopeResult {
  let value: unknown;
  try {
    value = decode(body, format);
  } catch {
    return INVALID[format];
  }
  const { requestParser, multipart } = handler;
  const fields = bodyFields(value);
  const { auth_data: authData, payload, session_id: sessionId = null } = fields;
  let faults = envelopeFaults(fields);

  let parsed: Payload = {};
  let parts: readonly MultipartPart[] | undefined;
  if (isObject(payload)) {
    try {
      parsed = requestParser === undefined ? payload : parsePayload(payload, requestParser);
      if (multipart !== undefined) parts = multipartParts(parsed, multipart);
    } catch (error) {
      if (!(error instanceof PayloadError)) return { kind: "parser-threw", error };
      faults = { ...faults, payload: { ...error.fields } };
    }
  }

  if (faults !== undefined) return { kind: "faults", faults };
  let modelBody: Buffer | string = "";
  let contentType = JSON_TYPE;
  try {
    if (parts !== undefined) ({ body: modelBody, contentType } = encodeMultipart(parts));
    else if (handler.remoteFunction === undefined) modelBody = jsonBody(body, parsed, handler, format);
  } catch (error) {
    if (error instanceof RangeError)
      return { kind: "faults", faults: { payload: { data: whyUnwritable(error) } } };
    return { kind: "parser-threw", error };
  }
  return {
    kind: "envelope",
    envelope: {
      authData: authData as unknown as AuthData,
      payload: parsed,
      body: modelBody,
      contentType,
      sessionId: sessionId as string | null,
    },
  };
}

/** What a model that speaks JSON is sent: the client's own bytes where nobody changed them. */
function jsonBody(
  body: Buffer,
  payload: Payload,
  { requestParser }: Pick<Handler, "requestParser">,
  format: BodyFormat,
): Buffer | string {
  if (format === "msgpack") return jsonText(payload);
  return requestParser === undefined ? Buffer.from(payloadBytes(body) ?? "{}") : JSON.stringify(payload);
}
