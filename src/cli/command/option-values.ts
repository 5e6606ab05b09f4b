import { InvalidArgumentError } from "commander";

/** Reads a port: an integer from 0 (any free one) to 65535. */
export function port(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < 0 || value > 65535) {
    throw new InvalidArgumentError("It must be an integer from 0 to 65535.");
  }
  return value;
}

/** Makes a reader of numbers from `least` on. */
export function numberFrom(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || value < least) {
      throw new InvalidArgumentError(`It must be a number from ${least} on.`);
    }
    return value;
  };
}

/** Reads a number. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("It must be a number.");
  return value;
}

/** Reads a number over 0. */
export function positive(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError("It must be a number over 0.");
  return value;
}

/** The longest that a timer can be set to, in seconds. */
const LONGEST_S = 2_147_483;

/** Reads a time in seconds, over 0. */
export function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0) || value > LONGEST_S) {
    throw new InvalidArgumentError(`It must be a number over 0, and at most ${LONGEST_S} (24 days).`);
  }
  return value;
}

/** Reads a time in seconds, from 0 on. */
export function secondsFromZero(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0) || value > LONGEST_S) {
    throw new InvalidArgumentError(`It must be a number from 0 to ${LONGEST_S} (24 days).`);
  }
  return value;
}

/** Reads an integer from 1 on. */
export function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError("It must be an integer from 1 on.");
  return value;
}

/** Reads a share, from 0 to 1. */
export function share(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1)) {
    throw new InvalidArgumentError("It must be a number from 0 to 1.");
  }
  return value;
}

/** Reads an integer from 0 on, or `all`, which is Infinity. */
export function countOrAll(text: string): number {
  const value = text === "all" ? Number.POSITIVE_INFINITY : Number(text);
  if (text.trim() === "" || !(value >= 0) || (!Number.isInteger(value) && text !== "all")) {
    throw new InvalidArgumentError("It must be an integer from 0 on, or all.");
  }
  return value;
}

/** Gathers the values of an option that may be given more than once. */
export function collected(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}
