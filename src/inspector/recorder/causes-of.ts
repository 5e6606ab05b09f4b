import type { ErrorRecord } from "./frames.js";
import { cut } from "./safe-value.js";

/** Errors within errors that are told of, and characters of each one's message and stack. */
export const MAX_CAUSES = 10;
const MAX_MESSAGE = 1000;
const MAX_STACK = 4000;

type Cause = ErrorRecord["causes"][number];

/** An error as it is told: of bounded length, and without secrets. */
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
    // A getter of its own may throw, whatever it likes.
    causes.push({ name: "Error", message: "[cannot be read]", stack: undefined });
  }
  return causes;
}
