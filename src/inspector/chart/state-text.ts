import type { StateValue } from "./active-paths.js";

const isPresent = (entry: [string, StateValue | undefined]): entry is [string, StateValue] =>
  entry[1] !== undefined;

/** The regions of a state, each as `key.inner`. */
function regionsOf(value: Exclude<StateValue, string>): string {
  return Object.entries(value)
    .filter(isPresent)
    .map(([key, inner]) => {
      const text = stateText(inner);
      if (text === "") return key;
      return text.includes(", ") ? `${key}.(${text})` : `${key}.${text}`;
    })
    .join(", ");
}

/**
 * A state in words: names within names are joined by dots, states that a machine is in at once by commas.
 *
 * @example
 * ```ts
 * stateText({ draining: "finishing" }); // "draining.finishing"
 * stateText({ door: "open", light: "on" }); // "door.open, light.on"
 * ```
 */
export function stateText(value: StateValue | undefined): string {
  if (value === undefined) return "";
  return typeof value === "string" ? value : regionsOf(value);
}
