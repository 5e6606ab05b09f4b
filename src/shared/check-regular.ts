import type { Stats } from "node:fs";

/** @throws where a path is of anything else than a regular file. */
export function checkRegular(stats: Stats): void {
  if (!stats.isFile()) throw new Error(`expected a regular file, got ${kindOf(stats)}`);
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "a directory";
  if (stats.isFIFO()) return "a FIFO";
  return stats.isSocket() ? "a socket" : "a device";
}
