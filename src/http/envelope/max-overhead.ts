import { getHeapStatistics } from "node:v8";

/**
 * Bytes of memory that the values of a body may take besides the content of strings and bytes: what a process survives,
 * a small one, too.
 */
export const MAX_OVERHEAD = Math.min(2 ** 30, getHeapStatistics().heap_size_limit / 4);
