import type { Payload } from "tsworker";

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Payload {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
