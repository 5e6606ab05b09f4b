import type { RefObject } from "preact";
import { useCallback, useLayoutEffect, useRef, useState } from "preact/hooks";

/** What can be seen of an element that scrolls, in pixels. */
export interface Viewport {
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
