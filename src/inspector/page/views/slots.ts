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
