import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** Bytes of the end of the file that are looked at. */
const LOOKED_AT = 8192;
/** Longest quotation. */
const QUOTED = 300;

/**
 * What a program that ended wrote last to a file: the last line that speaks of an error, else the last one;
 * empty where there is none.
 */
export function lastWords(path: string): string {
  let end: string;
  try {
    end = endOf(path);
  } catch {
    return "";
  }
  const lines = end
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const words = lines.findLast((line) => /error|not found|cannot/i.test(line)) ?? lines.at(-1) ?? "";
  return words.slice(0, QUOTED);
}

function endOf(path: string): string {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const end = Buffer.alloc(Math.min(size, LOOKED_AT));
    readSync(file, end, 0, end.length, size - end.length);
    return end.toString("utf8");
  } finally {
    closeSync(file);
  }
}
