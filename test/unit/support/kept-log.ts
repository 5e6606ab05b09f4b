import pino from "pino";
import type { Log } from "../../../src/shared/log.js";

/** A log that keeps what was written, as objects, oldest first. */
export function keptLog() {
  const lines: ({ readonly level: number; readonly msg: string } & Record<string, unknown>)[] = [];
  const log: Log = pino(
    { level: "trace", base: null },
    { write: (line: string) => lines.push(JSON.parse(line)) },
  );
  return { log, lines, warnings: () => lines.filter(({ level }) => level === pino.levels.values.warn) };
}
