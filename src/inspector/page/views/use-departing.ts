import { useEffect, useReducer, useRef } from "preact/hooks";
import type { TicketView } from "../../recorder/frames.js";
import { type Shown, withDeparting } from "./departing.js";

/** Milliseconds for which a ticket is seen leaving: as long as the style sheet fades it out. */
const LINGER = 200;

const calm = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * Tickets, and those that left a moment ago; without those where the user prefers reduced motion.
 *
 * @param elsewhere tickets that did not leave: they are shown somewhere else.
 */
export function useDeparting(
  tickets: readonly TicketView[],
  elsewhere: readonly TicketView[],
): readonly Shown[] {
  const before = useRef<readonly Shown[]>([]);
  const [, renderAgain] = useReducer((times: number, _action: undefined) => times + 1, 0);
  const moved = new Set(elsewhere.map(({ id }) => id));
  const shown = withDeparting(before.current, tickets, moved, performance.now(), calm.matches ? 0 : LINGER);
  before.current = shown;
  const isLeaving = shown.length > tickets.length;
  useEffect(() => {
    if (!isLeaving) return;
    const timer = setTimeout(() => renderAgain(undefined), LINGER);
    return () => clearTimeout(timer);
  });
  return shown;
}

/** So many may be seen entering at once. */
const MOST = 8;

/**
 * Whether more arrive than the eye can follow: then entering is not animated, which is calmer, and costs less than
 * to move them all.
 */
export function useCrowd(ids: readonly string[]): boolean {
  const before = useRef<ReadonlySet<string>>(new Set());
  const isCrowd = ids.filter((id) => !before.current.has(id)).length > MOST;
  before.current = new Set(ids);
  return isCrowd;
}
