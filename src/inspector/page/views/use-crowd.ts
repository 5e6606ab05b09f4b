import { useRef } from "preact/hooks";

/** So many may be seen entering at once. */
const MOST = 8;

/**
 * Whether more come than can be followed by the eye: then nobody is seen entering, which is calmer, and costs less than
 * to move them all.
 */
export function useCrowd(ids: readonly string[]): boolean {
  const before = useRef<ReadonlySet<string>>(new Set());
  const isCrowd = ids.filter((id) => !before.current.has(id)).length > MOST;
  before.current = new Set(ids);
  return isCrowd;
}
