/** Milliseconds of a `Retry-After` header, seconds or a date; undefined where there is none that can be read. */
export function retryAfterMs({ headers }: Response): number | undefined {
  const text = headers.get("retry-after")?.trim();
  if (!text) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // Without its zone it is none of HTTP's dates, and `Date.parse` makes a date of almost anything.
  const ms = text.endsWith(" GMT") ? Date.parse(text) - sentAt(headers) : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** By the clock that the date comes from: this machine's may be another hour. */
function sentAt(headers: Headers): number {
  const date = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(date) ? Date.now() : date;
}
