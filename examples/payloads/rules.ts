import type { Rule } from "./faults-of.js";

/** A rule for a field that may be left out, or be null. */
export function optional(rule: Rule): Rule {
  return (value, payload) => (value === undefined || value === null ? undefined : rule(value, payload));
}

/** A text that is not empty. @param example such as `Hello`. */
export function text(example: string): Rule {
  return (value) =>
    typeof value === "string" && value.trim() !== "" ? undefined : `must be a text such as "${example}"`;
}

/** An integer in a range. @param most none: any that is large enough. */
export function integer(least: number, most = Number.MAX_SAFE_INTEGER): Rule {
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
  return (value) =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most
      ? undefined
      : `must be an integer ${range}, without quotes`;
}

export const trueOrFalse: Rule = (value) =>
  typeof value === "boolean" ? undefined : "must be true or false, without quotes";
