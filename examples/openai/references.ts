import type { Payload } from "tsworker";
import { isGiven, isObject, type Rule, type Rules } from "../checks/payload.js";
import { isHttpUrl } from "../checks/variables.js";

/** Files that a request may have the server fetch. */
const MAX_REFERENCES = 16;
/** Bytes of a `data:` URL's content. */
const MAX_DATA_BYTES = 25 * 1024 * 1024;

/**
 * Rules for fields that name files which the server itself fetches. Only what anybody may fetch passes: a `file:` URL
 * would be one of the instance's own.
 *
 * @param fields of the payload; one inside an object, or inside each object of a list, is named with a dot.
 */
export function referenceRules(...fields: readonly string[]): Rules {
  const rule = (field: string): Rule => {
    return (_, payload) => {
      const references = referencesAt(payload, field);
      if (references.length === 0) return undefined;
      const count = fields.flatMap((each) => referencesAt(payload, each)).length;
      if (count > MAX_REFERENCES)
        return `must be at most ${MAX_REFERENCES} references in all fields, got ${count}`;
      return references.map(referenceFault).find((fault) => fault !== undefined);
    };
  };
  return Object.fromEntries(fields.map((field) => [field, rule(field)]));
}

/** All that a field names, whether it is one, a list, or in the objects of a list. */
export function referencesAt(payload: Payload, field: string): readonly unknown[] {
  return field
    .split(".")
    .reduce<readonly unknown[]>(
      (values, name) => values.flatMap((value) => (isObject(value) ? listOf(value[name]) : [])),
      [payload],
    );
}

/** Objects and lists come as their JSON text, too: forms have no others. */
function listOf(value: unknown): readonly unknown[] {
  if (!isGiven(value) || value === "") return [];
  if (typeof value === "string" && /^\s*[[{]/.test(value)) {
    try {
      return [JSON.parse(value)].flat();
    } catch {
      // It is no JSON, and no URL either.
    }
  }
  return Array.isArray(value) ? value.filter(isGiven) : [value];
}

function referenceFault(value: unknown): string | undefined {
  if (typeof value === "string" && /^data:/i.test(value)) {
    const content = value.length - value.indexOf(",") - 1;
    const bytes = /^data:[^,]{0,256};base64,/i.test(value.slice(0, 300))
      ? Math.floor((content * 3) / 4)
      : content;
    return bytes > MAX_DATA_BYTES
      ? `must be at most ${MAX_DATA_BYTES} bytes in a data: URL, got ${bytes}`
      : undefined;
  }
  return isHttpUrl(value) ? undefined : "must be an http:, https: or data: URL";
}
