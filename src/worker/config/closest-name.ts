/** A name as it compares: PyWorker writes `max_queue_time` for `maxQueueTime`. */
const plain = (name: string): string => name.replace(/[_-]/g, "").toLowerCase();

/** How many letters are wrong, missing, too many, or in the place of their neighbour. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i++) {
    const [before = [], last = []] = [rows[i - 2], rows[i - 1]];
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const costs = [
        (row[j - 1] ?? 0) + 1,
        (last[j] ?? 0) + 1,
        (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
      ];
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        costs.push((before[j - 2] ?? 0) + 1);
      row.push(Math.min(...costs));
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? 0;
}

/** Longer names are no slips of the pen, and would take long to compare. */
const LONGEST = 60;

/** The name that was probably meant; undefined: none is near. */
export function closestName(given: string, names: readonly string[]): string | undefined {
  if (given.length > LONGEST) return undefined;
  const wanted = plain(given);
  let closest: string | undefined;
  // At most three letters in ten are wrong.
  let least = Math.max(1, Math.floor(wanted.length * 0.3)) + 1;
  for (const name of names) {
    const wrong = distance(wanted, plain(name));
    if (wrong < least) [closest, least] = [name, wrong];
  }
  return closest;
}

/** Whether two names are the same but for how they are written. */
export const isSameName = (a: string, b: string): boolean => plain(a) === plain(b);
