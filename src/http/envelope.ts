import { isUtf8 } from "node:buffer";
import type { HandlerConfig } from "../config.js";
import { PayloadError } from "../errors.js";
import type { AuthData, Payload } from "../wire.js";
import { payloadBytes } from "./payload-bytes.js";

/** A request's envelope: as it was sent, checked. */
export interface ParsedEnvelope {
  readonly authData: AuthData;
  /** The payload after the handler's `requestParser`. */
  readonly payload: Payload;
  /** What the model is sent. */
  readonly body: Buffer | string;
  readonly sessionId: string | null;
}

/** Faults by field, as the client is told. */
export type Faults = Readonly<Record<string, string | Readonly<Record<string, string>>>>;

export type EnvelopeResult =
  | { readonly kind: "envelope"; readonly envelope: ParsedEnvelope }
  | { readonly kind: "invalid-json" }
  | { readonly kind: "faults"; readonly faults: Faults }
  | { readonly kind: "parser-threw"; readonly error: unknown };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

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

function decode(body: Buffer): unknown {
  // Decoding replaces what is no UTF-8; the client is to know that it sent something else than it thinks.
  if (!isUtf8(body)) throw new SyntaxError("the body is not UTF-8");
  return JSON.parse(body.toString("utf8"));
}

/**
 * Reads the body of a request to a handler route. All faults are told at once; `requestParser` has its say only
 * about a payload that is an object.
 *
 * @param body is not kept: what goes to the model is copied out of it.
 */
export function parseEnvelope(body: Buffer, { requestParser }: HandlerConfig): EnvelopeResult {
  let json: unknown;
  try {
    json = decode(body);
  } catch {
    return { kind: "invalid-json" };
  }
  const fields: Record<string, unknown> = isObject(json) ? json : {};
  const { auth_data: authData, payload, session_id: sessionId = null } = fields;
  const faults: Record<string, string | Record<string, string>> = {};

  if (authData === undefined) faults.auth_data = "field missing";
  else if (!isObject(authData)) faults.auth_data = "must be an object";
  else {
    const found = authFaults(authData);
    if (found !== undefined) faults.auth_data = found;
  }
  if (sessionId !== null && !isText(sessionId)) faults.session_id = "must be a string or null";

  let parsed: Payload | undefined;
  if (payload === undefined) faults.payload = "field missing";
  else if (!isObject(payload)) faults.payload = { data: "payload must be a dictionary" };
  else if (requestParser === undefined) parsed = payload;
  else {
    try {
      parsed = requestParser(payload);
      if (parsed instanceof Promise) parsed.catch(() => {});
      if (!isObject(parsed) || parsed instanceof Promise) {
        const got = parsed === null ? "null" : parsed instanceof Promise ? "a Promise" : typeof parsed;
        return {
          kind: "parser-threw",
          error: new TypeError(`requestParser: expected it to return an object, got ${got}`),
        };
      }
    } catch (error) {
      if (!(error instanceof PayloadError)) return { kind: "parser-threw", error };
      faults.payload = { ...error.fields };
    }
  }

  if (Object.keys(faults).length > 0) return { kind: "faults", faults };
  let modelBody: Buffer | string;
  try {
    modelBody =
      requestParser === undefined ? Buffer.from(payloadBytes(body) ?? "{}") : JSON.stringify(parsed);
  } catch (error) {
    // Nested deeper than can be written again: the client's doing, and no better elsewhere.
    if (error instanceof RangeError)
      return { kind: "faults", faults: { payload: { data: "nested too deeply" } } };
    return { kind: "parser-threw", error };
  }
  return {
    kind: "envelope",
    envelope: {
      authData: authData as unknown as AuthData,
      payload: parsed as Payload,
      body: modelBody,
      sessionId: sessionId as string | null,
    },
  };
}
