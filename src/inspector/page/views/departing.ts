import type { TicketView } from "../../recorder/frames.js";

/** A ticket as it is drawn. */
export interface Shown {
  readonly ticket: TicketView;
  /** When it left, on the caller's clock; undefined: it is there. */
  readonly leftAt: number | undefined;
}

/** So many tickets are seen leaving at once: more cannot be followed by the eye. */
const MOST = 8;

/**
 * Tickets as they are, in their order, and between them those that left a moment ago, where they were: they are to be
 * seen leaving.
 *
 * @param before what was shown before.
 * @param tickets that are there now.
 * @param moved ids of those that are shown elsewhere now.
 * @param now any clock in milliseconds that runs forward.
 * @param linger for how many milliseconds one that left is shown.
 */
export function withDeparting(
  before: readonly Shown[],
  tickets: readonly TicketView[],
  moved: ReadonlySet<string>,
  now: number,
  linger: number,
): readonly Shown[] {
  const indexes = new Map(tickets.map(({ id }, index) => [id, index]));
  const shown: Shown[] = [];
  let next = 0;
  let departing = 0;
  const addUpTo = (end: number): void => {
    for (const ticket of tickets.slice(next, end)) shown.push({ ticket, leftAt: undefined });
    next = Math.max(next, end);
  };
  for (const { ticket, leftAt = now } of before) {
    const index = indexes.get(ticket.id);
    if (index !== undefined) addUpTo(index + 1);
    else if (!moved.has(ticket.id) && now - leftAt < linger && departing < MOST) {
      departing++;
      shown.push({ ticket, leftAt });
    }
  }
  addUpTo(tickets.length);
  return shown;
}

/**
 * Which running ticket is drawn where: each keeps its slot for as long as it runs, a new one takes the first that is
 * free. Slots behind the last ticket are dropped.
 *
 * @param before ids by slot as they were; undefined: free.
 * @param running ids of the tickets that run now.
 */
export function assignSlots(
  before: readonly (string | undefined)[],
  running: readonly string[],
): readonly (string | undefined)[] {
  const left = new Set(running);
  const slots = before.map((id) => (id !== undefined && left.delete(id) ? id : undefined));
  let free = 0;
  for (const id of left) {
    while (slots[free] !== undefined) free++;
    slots[free] = id;
  }
  return slots.slice(0, slots.findLastIndex((id) => id !== undefined) + 1);
}
