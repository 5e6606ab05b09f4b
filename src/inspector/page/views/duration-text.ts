const two = (value: number): string => String(value).padStart(2, "0");

/**
 * A duration in three digits or two units: `0.4 ms`, `240 ms`, `3.24 s`, `2 m 05 s`, `3 h 07 m`, `2 d 03 h`.
 *
 * @param ms is shown as 0 when it is negative: a clock was set back.
 */
export function durationText(ms: number): string {
  // Every limit is where the digits of its line would round up to the next line's.
  if (!(ms > 0)) return "0 ms";
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  if (ms < 9995) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${two(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} m`;
  return `${Math.floor(minutes / 1440)} d ${two(Math.floor(minutes / 60) % 24)} h`;
}
