import type { RefObject } from "preact";
import { useCallback, useLayoutEffect, useRef, useState } from "preact/hooks";

/** The visible part of an element that scrolls, in pixels. */
interface Viewport {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const NOTHING: Viewport = { left: 0, top: 0, width: 0, height: 0 };

/**
 * Watches what can be seen of an element: where it is scrolled to, and how large it is.
 *
 * @returns the element's place, what can be seen of it, and what scrolls it.
 */
export function useViewport<E extends HTMLElement>(): readonly [
  RefObject<E | null>,
  Viewport,
  (top: number) => void,
] {
  const ref = useRef<E>(null);
  const [viewport, setViewport] = useState(NOTHING);
  const measure = useCallback(() => {
    const element = ref.current;
    if (element === null) return;
    const { scrollLeft: left, scrollTop: top, clientWidth: width, clientHeight: height } = element;
    setViewport((before) =>
      before.left === left && before.top === top && before.width === width && before.height === height
        ? before
        : { left, top, width, height },
    );
  }, []);
  const scrollTo = useCallback(
    (top: number) => {
      if (ref.current === null) return;
      ref.current.scrollTop = top;
      // At once and not with the scroll event: what is seen there is drawn before the next frame.
      measure();
    },
    [measure],
  );
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const sizes = new ResizeObserver(measure);
    sizes.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    measure();
    return () => {
      sizes.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, [measure]);
  return [ref, viewport, scrollTo];
}

/**
 * Keeps what is read in its place: while rows come and go above the first one in view, that one stays where it is. At
 * the very top nothing is kept, so that new rows are seen.
 *
 * @param rows all of one height.
 * @param ref what they scroll in. Read directly, because its scroll events come too late: a user who has just scrolled must
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
