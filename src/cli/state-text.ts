import type { StateValue } from "../inspect/frames.js";

/** A state in one line: `ready`, `draining.finishing`, and of parallel ones `health.good | log.reading`. */
export function stateText(state: StateValue): string {
  if (typeof state === "string") return state;
  return Object.entries(state)
    .map(([key, inner]) => {
      const text = inner === undefined ? "" : stateText(inner);
      if (text === "") return key;
      return text.includes(" | ") ? `${key}.(${text})` : `${key}.${text}`;
    })
    .join(" | ");
}
