import { PayloadError } from "../../../shared/errors.js";
import { jsonText, whyUnwritable } from "../../../shared/json-text.js";
import type { Payload } from "../../../shared/wire.js";
import type { Handler } from "../../config/config-schema.js";
import { lengthOf, type RequestBody, type SentBody } from "../../model/call.js";
import { generatesBody } from "../../model/generated-body.js";
import { multipartParts } from "../../model/multipart.js";
import { encodeMultipart, type MultipartPart } from "../../model/multipart-encoding.js";
import type { EnvelopeErrors } from "../../server/answer.js";
import { type BodyBytes, type BodyFormat, wholeOf } from "./body.js";
import { isObject } from "./envelope.js";
import { decodeMsgpack } from "./msgpack.js";

/** A payload in the form that its handler needs. */
export interface ReadyPayload<Body extends SentBody = SentBody> {
  readonly kind: "payload";
  /** After the handler's `requestParser`; undefined where the handler does not need it. */
  readonly value: Payload | undefined;
  /** Body of the request to the model; empty for a handler that makes it later. */
  readonly body: Body;
  /** Of `body`. */
  readonly contentType: string;
}

export type PayloadResult =
  | ReadyPayload<RequestBody>
  | { readonly kind: "invalid-fields"; readonly errors: EnvelopeErrors }
  | { readonly kind: "parser-threw"; readonly error: unknown };

type PayloadHandler = Pick<
  Handler,
  | "requestParser"
  | "workloadCalculator"
  | "multipart"
  | "remoteFunction"
  | "sseKeepAliveMs"
  | "websocket"
  | "generatePayloadJson"
  | "generatePayloadMultipart"
>;

const JSON_TYPE = "application/json";

/** Bytes up to which a payload is kept as a string: it is sent with the head of the request in one write. */
const SMALL = 64 * 1024;

/** Whether the handler needs the payload's value; otherwise its bytes are forwarded without parsing. */
const needsValue = (handler: PayloadHandler): boolean =>
  handler.requestParser !== undefined ||
  handler.workloadCalculator !== undefined ||
  handler.multipart !== undefined ||
  handler.remoteFunction !== undefined ||
  generatesBody(handler) ||
  handler.sseKeepAliveMs !== null;

/** @throws what the parser throws, and TypeError where it returns no object. */
function parsePayload(payload: Payload, requestParser: (payload: Payload) => unknown): Payload {
  const parsed = requestParser(payload);
  if (parsed instanceof Promise) parsed.catch(() => {});
  if (isObject(parsed) && !(parsed instanceof Promise)) return parsed;
  const got = parsed === null ? "null" : parsed instanceof Promise ? "a Promise" : typeof parsed;
  throw new TypeError(`requestParser: expected it to return an object, got ${got}`);
}

/**
 * Prepares an envelope's payload for its handler: its value where user code needs it, and the body for the model. Where no
 * user code changes it, that body is the client's own bytes, with numbers beyond 2^53, the order of keys and all else.
 *
 * In a payload in msgpack, integers beyond 2^53 are bigints and bytes are `Buffer`s, for user code too. The model receives
 * the exact digits, and base64 text, or the file itself from a multipart handler.
 *
 * @param bytes found to be a valid object.
 */
export function readyPayload(bytes: BodyBytes, format: BodyFormat, handler: PayloadHandler): PayloadResult {
  if (format === "json" && !needsValue(handler)) {
    return { kind: "payload", value: undefined, body: ownBytes(bytes, handler), contentType: JSON_TYPE };
  }
  let sent: Payload;
  try {
    const whole = wholeOf(bytes);
    sent = (format === "json" ? JSON.parse(whole.toString("utf8")) : decodeMsgpack(whole)) as Payload;
  } catch (error) {
    return { kind: "parser-threw", error };
  }
  return parsedPayload(sent, bytes, format, handler);
}

/**
 * The same for a payload in JSON without an envelope, which nothing has checked. Where no user code needs its value it is
 * not parsed, and the model receives it as it came.
 */
export function plainPayload(
  bytes: BodyBytes,
  handler: PayloadHandler,
): PayloadResult | { readonly kind: "invalid-json" } {
  if (!needsValue(handler)) {
    return { kind: "payload", value: undefined, body: ownBytes(bytes, handler), contentType: JSON_TYPE };
  }
  let sent: unknown;
  try {
    sent = JSON.parse(wholeOf(bytes).toString("utf8"));
  } catch {
    return { kind: "invalid-json" };
  }
  return isObject(sent) ? parsedPayload(sent as Payload, bytes, "json", handler) : { kind: "invalid-json" };
}

/** Whether a handler can only take JSON: its own functions or its schema need the payload. */
export const requiresJson = (handler: PayloadHandler): boolean =>
  handler.requestParser !== undefined || handler.remoteFunction !== undefined || generatesBody(handler);

function parsedPayload(
  sent: Payload,
  bytes: BodyBytes,
  format: BodyFormat,
  handler: PayloadHandler,
): PayloadResult {
  const { requestParser, multipart } = handler;
  let value: Payload;
  let parts: readonly MultipartPart[] | undefined;
  try {
    value = requestParser === undefined ? sent : parsePayload(sent, requestParser);
    if (multipart !== undefined) parts = multipartParts(value, multipart);
  } catch (error) {
    if (!(error instanceof PayloadError)) return { kind: "parser-threw", error };
    return { kind: "invalid-fields", errors: { payload: { ...error.fields } } };
  }
  if (handler.remoteFunction !== undefined || handler.websocket === true || generatesBody(handler))
    return { kind: "payload", value, body: "", contentType: JSON_TYPE };
  try {
    if (parts !== undefined) return { kind: "payload", value, ...encodeMultipart(parts) };
    const isChanged = format === "msgpack" || requestParser !== undefined;
    const body = isChanged ? Buffer.from(textOf(value, format)) : ownBytes(bytes, handler);
    return { kind: "payload", value, body, contentType: JSON_TYPE };
  } catch (error) {
    if (!(error instanceof RangeError)) return { kind: "parser-threw", error };
    return { kind: "invalid-fields", errors: { payload: { data: whyUnwritable(error) } } };
  }
}

const textOf = (value: Payload, format: BodyFormat): string =>
  format === "msgpack" ? jsonText(value) : JSON.stringify(value);

/** A copy of the client's bytes. */
function ownBytes(bytes: BodyBytes, { websocket }: PayloadHandler): RequestBody {
  if (websocket === true) return "";
  if (lengthOf(bytes) <= SMALL) return wholeOf(bytes).toString("latin1");
  return Buffer.isBuffer(bytes) ? Buffer.from(bytes) : bytes;
}
