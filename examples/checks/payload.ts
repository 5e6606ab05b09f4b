import { type Payload, PayloadError } from "tsworker";

/** Checks one field: what was expected of it, or undefined where it is right. */
export type Rule = (value: unknown, payload: Payload) => string | undefined;

/** The rules of a payload, by field. A field inside another one is named with a dot: `parameters.top_p`. */
export type Rules = Readonly<Record<string, Rule>>;

/** The errors of a payload and what to do about each, by field. */
export type Faults = Record<string, string>;

/** Characters of a value that a message quotes at most. */
const MAX_QUOTED = 60;

/**
 * Makes a `requestParser`: unwraps a payload that some clients send as `{ input: { … } }`, and refuses one that breaks a
 * rule, naming every field that does.
 */
export function checked(rules: Rules): (payload: Payload) => Payload {
  return (given) => {
    const payload = unwrapped(given);
    const faults = faultsOf(rules, payload);
    if (Object.keys(faults).length > 0) throw new PayloadError(faults);
    return payload;
  };
}

/** Speech and embeddings have a field of the same name: a text, a list, or llama.cpp's object with a `prompt_string`. */
export function unwrapped(payload: Payload): Payload {
  const { input } = payload;
  return isObject(input) && !("prompt_string" in input) ? input : payload;
}

/** Every field that breaks its rule. */
export function faultsOf(rules: Rules, payload: Payload): Faults {
  const faults: Faults = {};
  for (const [field, rule] of Object.entries(rules)) {
    const value = valueAt(payload, field);
    const expected = rule(value, payload);
    if (expected !== undefined) faults[field] = `${expected}, got ${quoted(value)}`;
  }
  return faults;
}

function valueAt(payload: Payload, field: string): unknown {
  return field
    .split(".")
    .reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), payload);
}

function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Payload {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a field is there: null is how many clients leave one out. */
export const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

/** A rule for a field that may be left out, or be null. */
export function optional(rule: Rule): Rule {
  return (value, payload) => (isGiven(value) ? rule(value, payload) : undefined);
}

/** A text that is not empty. @param example such as `Hello`. */
export function text(example: string): Rule {
  return (value) =>
    typeof value === "string" && value.trim() !== "" ? undefined : `must be a text such as "${example}"`;
}

/** An integer in a range. @param most - default: without an upper limit. */
export function integer(least: number, most = Number.MAX_SAFE_INTEGER): Rule {
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
  return (value) =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most
      ? undefined
      : `must be an integer ${range}, without quotes`;
}
