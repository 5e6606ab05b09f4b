import { PayloadError } from "../../../shared/errors.js";
import { jsonText, whyUnwritable } from "../../../shared/json-text.js";
import type { Payload } from "../../../shared/wire.js";
import type { Handler } from "../../config/config.js";
import { encodeMultipart, type MultipartPart, multipartParts } from "../../model/multipart.js";
import { lengthOf, type RequestBody } from "../../model/request-body.js";
import type { Faults } from "../../server/answer.js";
import { isObject } from "./auth-data.js";
import { type BodyBytes, wholeOf } from "./body-buffer.js";
import type { BodyFormat } from "./body-format.js";
import { decodeMsgpack } from "./msgpack.js";

/** A payload as it is needed from here on. */
export interface ReadyPayload {
  readonly kind: "payload";
  /** After the handler's `requestParser`; undefined where nobody needs it. */
  readonly value: Payload | undefined;
  /** What the model is sent; empty where that is nothing. */
  readonly body: RequestBody;
  /** Of `body`. */
  readonly contentType: string;
}

export type PayloadResult =
  | ReadyPayload
  | { readonly kind: "faults"; readonly faults: Faults }
  | { readonly kind: "parser-threw"; readonly error: unknown };

type PayloadHandler = Pick<
  Handler,
  "requestParser" | "workloadCalculator" | "multipart" | "remoteFunction" | "sseKeepAliveMs" | "websocket"
>;

const JSON_TYPE = "application/json";

/** A payload up to here is kept as a text: it goes out with the head of the request in one write. */
const SMALL = 64 * 1024;

/** Whether somebody looks at the payload's value; otherwise its bytes go on unseen. */
const needsValue = (handler: PayloadHandler): boolean =>
  handler.requestParser !== undefined ||
  handler.workloadCalculator !== undefined ||
  handler.multipart !== undefined ||
  handler.remoteFunction !== undefined ||
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
 * Makes of an envelope's payload what its handler needs: its value where user code looks at it, and what the model is
 * sent. That is the client's own bytes where nobody changes them: numbers beyond 2^53, the order of keys and all else.
 *
 * In a payload that came in msgpack, integers beyond 2^53 are bigints and bytes are `Buffer`s, for user code too. The
 * model is sent the exact digits, and base64 text, or the file itself from a multipart handler.
 *
 * @param bytes found to be a valid object.
 */
export function readyPayload(bytes: BodyBytes, format: BodyFormat, handler: PayloadHandler): PayloadResult {
  const { requestParser, multipart } = handler;
  if (format === "json" && !needsValue(handler)) {
    return { kind: "payload", value: undefined, body: ownBytes(bytes, handler), contentType: JSON_TYPE };
  }
  let value: Payload;
  let parts: readonly MultipartPart[] | undefined;
  try {
    const whole = wholeOf(bytes);
    const sent = (format === "json" ? JSON.parse(whole.toString("utf8")) : decodeMsgpack(whole)) as Payload;
    value = requestParser === undefined ? sent : parsePayload(sent, requestParser);
    if (multipart !== undefined) parts = multipartParts(value, multipart);
  } catch (error) {
    if (!(error instanceof PayloadError)) return { kind: "parser-threw", error };
    return { kind: "faults", faults: { payload: { ...error.fields } } };
  }
  if (handler.remoteFunction !== undefined || handler.websocket === true)
    return { kind: "payload", value, body: "", contentType: JSON_TYPE };
  try {
    if (parts !== undefined) return { kind: "payload", value, ...encodeMultipart(parts) };
    const isChanged = format === "msgpack" || requestParser !== undefined;
    const body = isChanged ? Buffer.from(textOf(value, format)) : ownBytes(bytes, handler);
    return { kind: "payload", value, body, contentType: JSON_TYPE };
  } catch (error) {
    if (!(error instanceof RangeError)) return { kind: "parser-threw", error };
    return { kind: "faults", faults: { payload: { data: whyUnwritable(error) } } };
  }
}

const textOf = (value: Payload, format: BodyFormat): string =>
  format === "msgpack" ? jsonText(value) : JSON.stringify(value);

/** What the client sent, to be kept. */
function ownBytes(bytes: BodyBytes, { websocket }: PayloadHandler): RequestBody {
  if (websocket === true) return "";
  if (lengthOf(bytes) <= SMALL) return wholeOf(bytes).toString("latin1");
  return Buffer.isBuffer(bytes) ? Buffer.from(bytes) : bytes;
}
