import type { Payload } from "tsworker";
import { isObject } from "./is-object.js";

/** Says of a field what was expected; undefined where nothing is wrong with it. */
export type Rule = (value: unknown, payload: Payload) => string | undefined;

/** What is wrong with a payload and what to do about it, by field. */
export type Faults = Record<string, string>;

/** Characters of a value that a message shows at most. */
const LONGEST = 60;

/** Every field that breaks its rule. A field within another one is named with a dot: `parameters.top_p`. */
export function faultsOf(rules: Readonly<Record<string, Rule>>, payload: Payload): Faults {
  const faults: Faults = {};
  for (const [field, rule] of Object.entries(rules)) {
    const value = valueAt(payload, field);
    const expected = rule(value, payload);
    if (expected !== undefined) faults[field] = `${expected}, got ${shown(value)}`;
  }
  return faults;
}

function valueAt(payload: Payload, field: string): unknown {
  return field
    .split(".")
    .reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), payload);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
