/** Milliseconds of a `Retry-After` header, seconds or a date; undefined where there is none that can be read. */
export function retryAfterMs({ headers }: Response, now = Date.now()): number | undefined {
  const text = headers.get("retry-after")?.trim();
  if (!text) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
