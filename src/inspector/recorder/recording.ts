import { safeParse, type ZodMiniType } from "zod/mini";
import { HELLO, TICK } from "./frame-schema.js";
import type { Frame, Hello, Tick } from "./frames.js";

/** A recording: a file with one frame per line, first a hello, then ticks. */
export interface Recording {
  readonly hello: Hello;
  readonly ticks: readonly Tick[];
  /** The last line was cut off, as of a recorder that was killed; it is left out. */
  readonly isCutOff: boolean;
}

/** A text that is no recording. The message names the line. */
export class RecordingError extends Error {
  override readonly name = "RecordingError";
}

/** A frame as a line of a recording, its end included. */
export function frameLine(frame: Frame): string {
  return `${JSON.stringify(frame)}\n`;
}

export function serializeRecording(frames: Iterable<Frame>): string {
  return Array.from(frames, frameLine).join("");
}

/**
 * @param text of a file. A last line without an end may be cut off; every other line has to be right.
 * @throws RecordingError where a line is no frame, or the frames come in another order.
 */
export function parseRecording(text: string): Recording {
  const lines = text.split(/\r?\n/);
  const last = lines.findLastIndex((line) => line.trim() !== "");
  if (last === -1) throw new RecordingError("line 1: expected a recording's first frame, got nothing");
  const hello = check<Hello>(HELLO, parsed(lines[0] ?? "", 1), 1);
  const ticks: Tick[] = [];
  for (let index = 1; index <= last; index += 1) {
    const line = lines[index] ?? "";
    const isLast = index === lines.length - 1;
    if (isLast && !isJson(line)) return { hello, ticks, isCutOff: true };
    ticks.push(check<Tick>(TICK, parsed(line, index + 1), index + 1));
  }
  return { hello, ticks, isCutOff: false };
}

/** The schema has checked the type; JSON leaves out what is undefined. */
function check<T extends Frame>(schema: ZodMiniType, value: unknown, line: number): T {
  const result = safeParse(schema, value);
  if (result.success) return value as T;
  const [issue] = result.error.issues;
  const path = issue?.path.join(".") ?? "";
  throw new RecordingError(
    `line ${line}: expected a ${line === 1 ? "hello" : "tick"} frame of format 1${path === "" ? "" : `; wrong at ${path}`}`,
  );
}

function parsed(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new RecordingError(`line ${number}: expected a frame as JSON, got ${shortened(line)}`);
  }
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

const shortened = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
