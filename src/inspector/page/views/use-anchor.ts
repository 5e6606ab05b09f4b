import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/**
 * Keeps what is read in its place: while rows come and go above the first one in view, that one stays where it is. At
 * the very top nothing is kept, so that new rows are seen.
 *
 * @param rows all of one height.
 * @param ref what they scroll in. It is asked itself, because its events come too late: whoever has just scrolled must
 *   not be taken back.
 */
export function useAnchor(
  rows: readonly { readonly n: number }[],
  rowHeight: number,
  ref: RefObject<HTMLElement | null>,
  scrollTo: (top: number) => void,
): void {
  const before = useRef(rows);
  useLayoutEffect(() => {
    const top = ref.current?.scrollTop ?? 0;
    const index = Math.floor(top / rowHeight);
    const first = before.current[index];
    const hasChanged = before.current !== rows;
    before.current = rows;
    if (!hasChanged || top === 0 || first === undefined) return;
    const next = rows.findIndex(({ n }) => n === first.n);
    if (next !== -1 && next !== index) scrollTo(top + (next - index) * rowHeight);
  });
}
