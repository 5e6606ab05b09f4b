import type { StateValue } from "./active-paths.js";

/** Whether two states are one and the same. */
export function isSameState(one: StateValue | undefined, other: StateValue | undefined): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined || typeof one === "string" || typeof other === "string")
    return false;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => isSameState(one[key], other[key]));
}
