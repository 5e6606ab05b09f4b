import type { AuthData } from "../../../shared/wire.js";
import { answers, type EnvelopeErrors, type FieldErrors, type WorkerAnswer } from "../../server/answer.js";
import type { BodyBytes, BodyFormat } from "./body.js";

/** An envelope whose sender was authorized. */
export interface ScannedEnvelope {
  readonly kind: "envelope";
  readonly authData: AuthData;
  readonly sessionId: string | null;
  /** The bytes of the payload's value, which is an object. */
  readonly payload: BodyBytes;
  /** Where it was read from. */
  readonly source: EnvelopeSource;
}

/** Gives the bytes of a whole body, as long as those of its payload are valid. */
interface EnvelopeSource {
  wholeBody(): BodyBytes;
}

/** Why a body is not an envelope, or is not read. */
export type ReadFailure =
  | { readonly kind: "invalid"; readonly format: BodyFormat }
  | { readonly kind: "invalid-fields"; readonly errors: EnvelopeErrors }
  /** The memory for unverified bodies is exhausted. */
  | { readonly kind: "no-room" }
  /** It arrives in too many pieces of too few bytes. */
  | { readonly kind: "fragmented" };

/** Result of reading a piece; undefined: the next piece is awaited. */
export type ReadResult =
  | ScannedEnvelope
  /** The authorizer has refused it; with the payload where that has arrived. */
  | { readonly kind: "refused"; readonly payload: BodyBytes | undefined }
  | ReadFailure;

/** Decides about the sender of an envelope before the rest of it has arrived. */
export interface Authorizer {
  /**
   * Called as soon as `auth_data` is known, again when `session_id` is, and once more when the envelope is complete.
   *
   * @param sessionId undefined: it may follow.
   * @returns false when it is refused.
   */
  authorize(authData: AuthData, sessionId: string | null | undefined): boolean;
}

/** The answer to a body that could not be read. */
export function answerToReadFailure(failure: ReadFailure): WorkerAnswer {
  switch (failure.kind) {
    case "invalid":
      return failure.format === "json" ? answers.invalidJson() : answers.invalidMsgpack();
    case "invalid-fields":
      return answers.invalidFields(failure.errors);
    case "no-room":
      return answers.unverifiedBodiesFull();
    case "fragmented":
      return answers.fragmentedBody();
  }
}

/** Largest encoded `auth_data` that is parsed, in bytes. */
export const MAX_AUTH_BYTES = 16 * 1024;

/** Whether a value is an object; bytes, which msgpack has, are none. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);

const isText = (value: unknown): boolean => typeof value === "string";
/** Beyond 2^53 a number loses digits, and the end of the request could not be reported under its number. */
const isInteger = (value: unknown): boolean => Number.isSafeInteger(value);

/** The required keys of `auth_data`. Further keys are accepted and ignored. */
const AUTH_FIELDS: readonly {
  readonly key: keyof AuthData;
  readonly accepts: (value: unknown) => boolean;
  readonly error: string;
}[] = [
  {
    key: "cost",
    accepts: (value) =>
      isText(value) && String(value).trim() !== "" ? Number.isFinite(Number(value)) : Number.isFinite(value),
    error: "must be a number or its text",
  },
  { key: "endpoint", accepts: isText, error: "must be a string" },
  { key: "reqnum", accepts: isInteger, error: "must be an integer" },
  { key: "request_idx", accepts: isInteger, error: "must be an integer" },
  { key: "signature", accepts: isText, error: "must be a string" },
  { key: "url", accepts: isText, error: "must be a string" },
];

/** Whether a value is an {@link AuthData}. */
export const isAuthData = (value: unknown): value is AuthData =>
  isObject(value) && AUTH_FIELDS.every(({ key, accepts }) => accepts(value[key]));

/** The errors in a value that is not an {@link AuthData}. */
export function authDataErrors(value: unknown): FieldErrors | string {
  if (!isObject(value)) return "must be an object";
  const errors: Record<string, string> = {};
  for (const { key, accepts, error } of AUTH_FIELDS) {
    if (!accepts(value[key])) errors[key] = Object.hasOwn(value, key) ? error : "missing parameter";
  }
  return errors;
}
