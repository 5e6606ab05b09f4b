import type { ComponentChildren, HTMLAttributes } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

interface VirtualListProps {
  readonly count: number;
  /** Number of the first row, counted from one that may be gone: rows that leave at the top do not move the others. */
  readonly first?: number;
  /** Pixels; all rows are of one height. */
  readonly rowHeight: number;
  readonly row: (index: number) => ComponentChildren;
  /** Stays at the end while rows come, until it is scrolled away from there. */
  readonly sticks?: boolean;
  /** Index of a row that comes into view when it changes; negative: none. */
  readonly focus?: number;
  readonly attributes?: HTMLAttributes<HTMLDivElement>;
}

/** Rows beyond the visible ones, so that a quick scroll finds something there. */
const MARGIN = 6;
/** Pixels from the end that count as being there: browsers round. */
const AT_END_PX = 4;

/** A list of any length, of which only what is visible is in the document. */
export function VirtualList(props: VirtualListProps) {
  const { count, first = 0, rowHeight, row, sticks = false, focus = -1, attributes } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 0 });
  const [isStuck, setStuck] = useState(sticks);
  const firstSeen = useRef(first);

  const look = (): void => {
    const element = box.current;
    if (element === null) return;
    const { scrollTop: top, clientHeight: height, scrollHeight } = element;
    setView((old) => (old.top === top && old.height === height ? old : { top, height }));
    if (sticks) setStuck(top + height >= scrollHeight - AT_END_PX);
  };

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(([entry]) => {
      const height = entry?.contentRect.height ?? 0;
      setView((old) => (old.height === height ? old : { ...old, height }));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    if (isStuck) element.scrollTop = element.scrollHeight;
    else if (first !== firstSeen.current) element.scrollTop -= (first - firstSeen.current) * rowHeight;
    firstSeen.current = first;
  }, [count, first, rowHeight, isStuck, view.height]);

  const focused = focus < 0 ? undefined : first + focus;
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || focus < 0) return;
    const top = focus * rowHeight;
    const { scrollTop, clientHeight } = element;
    const below = top + rowHeight - (scrollTop + clientHeight);
    // A row nearby comes just into view, one far away into the middle.
    if (scrollTop - top > rowHeight || below > rowHeight) element.scrollTop = top - clientHeight / 2;
    else if (top < scrollTop) element.scrollTop = top;
    else if (below > 0) element.scrollTop = scrollTop + below;
    look();
  }, [focused]);

  // A row that has the focus can leave the document, and would take the keys with it.
  const keepFocus = ({ target }: FocusEvent): void => {
    if (target !== box.current) box.current?.focus({ preventScroll: true });
  };

  const rows = Math.ceil(view.height / rowHeight) + 2 * MARGIN;
  // While stuck, the rows at the end are shown, wherever the browser has scrolled to so far.
  const top = isStuck ? count * rowHeight - view.height : view.top;
  const from = Math.max(0, Math.min(Math.floor(top / rowHeight) - MARGIN, count - rows));
  const to = Math.min(count, from + rows);

  return (
    <div class="list-frame">
      <div class="list" ref={box} onScroll={look} onFocusIn={keepFocus} {...attributes}>
        <div class="list-space" style={{ height: `${count * rowHeight}px` }}>
          <div class="list-rows" style={{ transform: `translateY(${from * rowHeight}px)` }}>
            {Array.from({ length: to - from }, (_, offset) => row(from + offset))}
          </div>
        </div>
      </div>
      {sticks && !isStuck && (
        <button type="button" class="list-end" onClick={() => setStuck(true)}>
          Newest ↓
        </button>
      )}
    </div>
  );
}
