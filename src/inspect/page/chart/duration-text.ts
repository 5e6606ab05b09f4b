/** Milliseconds in words: tenths of a second below ten, minutes from one on, hours from one on. */
export function durationText(ms: number): string {
  // What is rounded up to ten is ten, not 10.0.
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 10_000) return "10 s";
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
