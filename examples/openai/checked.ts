import { type Payload, PayloadError } from "tsworker";

/** What is wrong with a field: what was expected; undefined when nothing is. */
export type Rule = (value: unknown, payload: Payload) => string | undefined;

const LONGEST = 60;

/**
 * Makes a `requestParser`: unwraps a payload that came as `{ input: { … } }`, as it does from some clients, and refuses
 * one that breaks a rule, naming every field that does.
 */
export function checked(rules: Readonly<Record<string, Rule>>): (payload: Payload) => Payload {
  return (given) => {
    const payload = isObject(given.input) ? given.input : given;
    const faults = Object.entries(rules).flatMap(([field, rule]) => {
      const value = payload[field];
      const expected = rule(value, payload);
      return expected === undefined ? [] : [[field, `${expected}, ${got(value)}`] as const];
    });
    if (faults.length > 0) throw new PayloadError(Object.fromEntries(faults));
    return payload;
  };
}

/** A rule for a field that may be left out. */
export function optional(rule: Rule): Rule {
  return (value, payload) => (value === undefined || value === null ? undefined : rule(value, payload));
}

export const trueOrFalse: Rule = (value) =>
  typeof value === "boolean" ? undefined : "must be true or false, without quotes";

export const tokenCount: Rule = (value) =>
  Number.isInteger(value) && Number(value) > 0 ? undefined : "must be a whole number over 0, without quotes";

/** A text that is not empty. @param example such as `"Hello"`. */
export function text(example: string): Rule {
  return (value) =>
    typeof value === "string" && value.trim() !== "" ? undefined : `must be a text such as "${example}"`;
}

export function isObject(value: unknown): value is Payload {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function got(value: unknown): string {
  if (value === undefined) return "but it is missing";
  const shown = JSON.stringify(value) ?? String(value);
  return `got ${shown.length > LONGEST ? `${shown.slice(0, LONGEST)}…` : shown}`;
}
