import { z } from "zod";
import { causeOf, MAX_CAUSES } from "./causes-of.js";
import type { ErrorRecord } from "./frames.js";
import { cut, safeValue } from "./safe-value.js";

/** Characters of what is said in one line. */
const MAX_MESSAGE = 1000;

const LEVELS = { 40: "warn", 50: "error", 60: "fatal" } as const;

/** Whether a line of the log is of a level that is told of; how it begins says so. */
export const isErrorLine = (line: string): boolean => /^\{"level":[456]0,/.test(line);

const lineSchema = z.looseObject({
  level: z.union([z.literal(40), z.literal(50), z.literal(60)]),
  msg: z.string(),
  time: z.unknown(),
  err: z
    .looseObject({ type: z.string().optional(), message: z.string(), stack: z.string().optional() })
    .optional(),
});

/** How pino joins the stack of an error and those of its causes. */
const CAUSED_BY = "\ncaused by: ";

/**
 * What a line of the worker's log says that went wrong.
 *
 * @param line for which {@link isErrorLine} holds.
 * @returns undefined for one that is no line of the log all the same.
 */
export function errorOf(line: string): Omit<ErrorRecord, "n" | "at"> | undefined {
  const parsed = lineSchema.safeParse(parsedJson(line));
  if (!parsed.success) return undefined;
  const { level, msg, time: _, err, ...details } = parsed.data;
  return {
    kind: "error",
    level: LEVELS[level],
    message: cut(messageOf(msg, details), MAX_MESSAGE),
    actor: actorOf(msg, details),
    causes:
      err?.stack?.split(CAUSED_BY, MAX_CAUSES).map(stackOf) ??
      (err === undefined ? [] : [causeOf(err.type ?? "Error", err.message, undefined, unchanged)]),
    details: safeValue(details).value,
  };
}

type Details = Readonly<Record<string, unknown>>;

/** What happened and why, in one line. */
function messageOf(msg: string, { state, fault, line }: Details): string {
  const what = typeof state === "string" ? `worker ${state}` : msg;
  const why = fault ?? line;
  return typeof why === "string" ? `${what}: ${why}` : what;
}

/** Id of the actor whose work the line is about, as far as it tells. */
function actorOf(msg: string, { state, report, session }: Details): string | undefined {
  if (typeof state === "string") return "worker";
  if (typeof report === "string") return `reporter.${report}`;
  if (typeof session === "string") return `session.${session}`;
  return msg.startsWith("model log") ? "model" : undefined;
}

function parsedJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

// The log has taken the secrets out.
const unchanged = (text: string): string => text;

/** Each stack begins with its error's name and message. */
function stackOf(stack: string): ErrorRecord["causes"][number] {
  const [first = ""] = stack.split("\n", 1);
  const [, name = "Error", message = first] = /^([\w.]+): (.*)$/.exec(first) ?? [];
  return causeOf(name, message, stack, unchanged);
}
