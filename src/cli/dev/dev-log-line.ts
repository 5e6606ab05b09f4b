import { stripVTControlCharacters } from "node:util";

/** A line of a worker's output. */
export interface DevLogLine {
  /** Text for the terminal. */
  readonly text: string;
  /** The worker's state, if the line reports one. */
  readonly state: string | undefined;
  readonly isBad: boolean;
  /** Reason of waiting, if the line reports one. */
  readonly waitsFor?: string;
}

/** pino's level of a warning. */
const WARNING = 40;

/** Errors of runtimes and compilers. */
const ERROR = /\b\w*Error\b|\bERROR\b/;

const SHOWN_ELSEWHERE = new Set(["level", "time", "msg", "state"]);

/** Parses a line of a worker's output: its log has a JSON object per line; other lines are kept as they are. */
export function devLogLine(line: string): DevLogLine {
  const entry = entryIn(line);
  if (entry === undefined) return { text: inCells(line), state: undefined, isBad: ERROR.test(line) };
  if (typeof entry.line === "string") {
    return { text: inCells(`${entry.msg}  ${messageIn(entry.line)}`), state: undefined, isBad: isBad(entry) };
  }
  const state = entry.msg === "state" && typeof entry.state === "string" ? entry.state : undefined;
  const rest = Object.entries(entry)
    .filter(([key]) => !SHOWN_ELSEWHERE.has(key))
    .map(([key, value]) => `${key}=${shown(value)}`);
  const [, waitsFor] = /^waits for (.*)/s.exec(String(entry.msg)) ?? [];
  return {
    ...(waitsFor !== undefined && { waitsFor: inCells(waitsFor) }),
    text: inCells([state ?? String(entry.msg), ...rest].join("  ")),
    state,
    isBad: isBad(entry),
  };
}

const isBad = ({ level }: Readonly<Record<string, unknown>>): boolean =>
  typeof level === "number" && level >= WARNING;

/** The message of a line of the model's log, which may be JSON. */
function messageIn(line: string): string {
  try {
    const { message } = JSON.parse(line);
    return typeof message === "string" ? message : line;
  } catch {
    return line;
  }
}

function shown(value: unknown): string {
  if (typeof value === "number") return String(Math.round(value * 1000) / 1000);
  // The stack of an error has many lines.
  if (typeof value === "object" && value !== null && "message" in value) return String(value.message);
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Removes characters that move a terminal's cursor. */
function inCells(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll("\t", "  ")
    .replaceAll(/[\r\n]+/g, " ");
}

function entryIn(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === "object" && entry !== null && "msg" in entry ? { ...entry } : undefined;
  } catch {
    return undefined;
  }
}
