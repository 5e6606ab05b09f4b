import type { AuthData } from "../../../shared/wire.js";
import type { FieldFaults } from "../../server/answer.js";

/** Bytes of `auth_data`, as it is written: what is larger is not looked at. */
export const MAX_AUTH_BYTES = 16 * 1024;

/** Bytes, which msgpack has, are no object. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
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

/** Whether a value is an {@link AuthData}. */
export const isAuthData = (value: unknown): value is AuthData =>
  isObject(value) && AUTH_FIELDS.every(({ key, accepts }) => accepts(value[key]));

/** What is wrong with a value that is no {@link AuthData}. */
export function authFaults(value: unknown): FieldFaults | string {
  if (!isObject(value)) return "must be an object";
  const faults: Record<string, string> = {};
  for (const { key, accepts, fault } of AUTH_FIELDS) {
    if (!accepts(value[key])) faults[key] = Object.hasOwn(value, key) ? fault : "missing parameter";
  }
  return faults;
}
