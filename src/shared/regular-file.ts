import type { Stats } from "node:fs";

/** @throws Error that names the kind of file, unless it is a regular one. */
export function assertRegularFile(stats: Stats): void {
  if (!stats.isFile()) throw new Error(`expected a regular file, got ${kindOf(stats)}`);
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "a directory";
  if (stats.isFIFO()) return "a FIFO";
  return stats.isSocket() ? "a socket" : "a device";
}
