import { z } from "zod";

/** Schemas for kinds of environment variables. */

/** One of some words, in any case; `otherwise` if the variable is not set. */
export const choice = <const Words extends readonly [string, ...string[]]>(
  words: Words,
  otherwise: Words[number],
) =>
  z
    .string()
    .default("")
    .transform((text) => text.trim().toLowerCase() || otherwise)
    .pipe(z.enum(words, `expected one of ${words.join(", ")}`));

export const integer = (expected: string, min: number, max: number) =>
  z
    .string(expected)
    .trim()
    .refine((text) => /^-?\d+$/.test(text) && Number(text) >= min && Number(text) <= max, expected)
    .transform(Number);

/** An empty variable counts as one that is not set. */
export const optional = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((text) => (text === "" ? undefined : text), schema.optional());

export const path = (otherwise: string) =>
  z
    .string()
    .default("")
    .transform((text) => text || otherwise);

const YES = ["y", "yes", "t", "true", "on", "1"];
const NO = ["n", "no", "f", "false", "off", "0"];

/** The words of Python's `strtobool`, in any case. */
export const flag = z
  .string()
  .default("")
  .transform((text) => text.trim().toLowerCase())
  .refine(
    (text) => text === "" || YES.includes(text) || NO.includes(text),
    `expected one of ${YES.join(", ")} for yes, or ${NO.join(", ")} for no`,
  )
  .transform((text) => YES.includes(text));
