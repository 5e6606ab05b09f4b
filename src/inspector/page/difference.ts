import type { SafeValue } from "../recorder/frames.js";

/** One place where two values differ. */
export type Change =
  | { readonly kind: "added"; readonly path: string; readonly after: SafeValue }
  | { readonly kind: "removed"; readonly path: string; readonly before: SafeValue }
  | {
      readonly kind: "changed";
      readonly path: string;
      readonly before: SafeValue;
      readonly after: SafeValue;
    };

/**
 * Where two values differ, in the order of the keys: `queues[0].limit`. Lists are compared place by place. The path
 * of the values themselves is empty.
 */
export function difference(before: SafeValue, after: SafeValue, path = ""): readonly Change[] {
  if (Object.is(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) return inLists(before, after, path);
  if (isGroup(before) && isGroup(after)) return inGroups(before, after, path);
  return [{ kind: "changed", path, before, after }];
}

type Group = { readonly [key: string]: SafeValue };

function isGroup(value: SafeValue): value is Group {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function inLists(before: readonly SafeValue[], after: readonly SafeValue[], path: string): readonly Change[] {
  return Array.from({ length: Math.max(before.length, after.length) }, (_, index) =>
    inPlace(before[index], after[index], `${path}[${index}]`),
  ).flat();
}

function inGroups(before: Group, after: Group, path: string): readonly Change[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) =>
    inPlace(own(before, key), own(after, key), path === "" ? key : `${path}.${key}`),
  );
}

const own = (group: Group, key: string): SafeValue | undefined =>
  Object.hasOwn(group, key) ? group[key] : undefined;

function inPlace(
  before: SafeValue | undefined,
  after: SafeValue | undefined,
  path: string,
): readonly Change[] {
  if (before === undefined) return after === undefined ? [] : [{ kind: "added", path, after }];
  if (after === undefined) return [{ kind: "removed", path, before }];
  return difference(before, after, path);
}
