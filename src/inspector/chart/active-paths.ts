/** A state as xstate tells it: a name, or names within names. */
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
