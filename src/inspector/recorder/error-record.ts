import { z } from "zod";
import type { ErrorRecord } from "./frames.js";
import { cut, safeValue } from "./safe-value.js";

const LEVELS = { 40: "warn", 50: "error", 60: "fatal" } as const;

/** Whether a line of the log is of level `warn` or above, by its beginning. */
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
 * The error record of a line of the worker's log.
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

/** What happened and why. */
function messageOf(msg: string, { state, fault, line }: Details): string {
  const what = typeof state === "string" ? `worker ${state}` : msg;
  const why = fault ?? line;
  return typeof why === "string" ? `${what}: ${why}` : what;
}

/** Id of the actor that the line is about; undefined: not known. */
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

/** Causes of an error that are recorded, and characters of each one's message and stack. */
const MAX_CAUSES = 10;
const MAX_MESSAGE = 1000;
const MAX_STACK = 4000;

type Cause = ErrorRecord["causes"][number];

/** An error as it is recorded: of bounded length, and without secrets. */
export function causeOf(
  name: string,
  message: string,
  stack: string | undefined,
  scrub: (text: string) => string,
): Cause {
  return {
    name: cut(name, MAX_MESSAGE),
    message: cut(scrub(message), MAX_MESSAGE),
    stack: stack === undefined ? undefined : cut(scrub(stack), MAX_STACK),
  };
}

/** An error and its causes, from the outermost inwards, whatever was thrown. */
export function causesOf(error: unknown, scrub: (text: string) => string): readonly Cause[] {
  const causes: Cause[] = [];
  try {
    for (let each = error; each !== undefined && each !== null && causes.length < MAX_CAUSES; ) {
      if (!(each instanceof Error)) {
        causes.push(causeOf(typeof each, String(each), undefined, scrub));
        break;
      }
      causes.push(causeOf(each.name, each.message, each.stack, scrub));
      each = each.cause;
    }
  } catch {
    // A getter may throw anything.
    causes.push({ name: "Error", message: "[cannot be read]", stack: undefined });
  }
  return causes;
}
