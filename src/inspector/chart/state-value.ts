/** A state as xstate represents it: a name, or names within names. */
export type StateValue = string | { readonly [key: string]: StateValue | undefined };

/** Paths of all states that are active, parents before their children; the root's, which always is, comes first. */
export function activePaths(state: StateValue): readonly string[] {
  return ["", ...pathsWithin("", state)];
}

function pathsWithin(parent: string, state: StateValue): readonly string[] {
  const within = typeof state === "string" ? { [state]: {} } : state;
  return Object.entries(within).flatMap(([key, inner]) => {
    const path = parent === "" ? key : `${parent}.${key}`;
    return [path, ...(inner === undefined ? [] : pathsWithin(path, inner))];
  });
}

/** Whether two states are one and the same. */
export function isSameState(one: StateValue | undefined, other: StateValue | undefined): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined || typeof one === "string" || typeof other === "string")
    return false;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => isSameState(one[key], other[key]));
}

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
