import { TsworkerError } from "tsworker";

/** The value of the first variable that is set; one that is empty counts as unset. */
export function textVariable(...names: readonly string[]): string | undefined {
  return names.map((name) => process.env[name]?.trim()).find((value) => value);
}

/** Lines of a variable that holds one text per line; undefined where it holds none. */
export function linesVariable(name: string): readonly string[] | undefined {
  const lines = process.env[name]?.split("\n").filter((line) => line.trim() !== "");
  return lines?.length ? lines : undefined;
}

interface NumberRange {
  readonly fallback: number;
  readonly least: number;
  readonly most: number;
}

/** An integer. What is none, or outside of the range, is warned about, and the fallback counts. */
export function integerVariable(name: string, { fallback, least, most }: NumberRange): number {
  const given = textVariable(name);
  if (given === undefined) return fallback;
  const value = Number(given);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  warn(
    name,
    `expected an integer from ${least} to ${most}, got ${JSON.stringify(given)}: ${fallback} is used`,
  );
  return fallback;
}

/** A port. @throws TsworkerError `CONFIG_INVALID`: with a wrong one the worker would wait for the model in vain. */
export function portVariable(name: string, fallback: number): number {
  const given = textVariable(name);
  const port = Number(given ?? fallback);
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return port;
  throw invalid(name, `expected a port number from 1 to 65535, got ${JSON.stringify(given)}`);
}

/** A host. @throws TsworkerError `CONFIG_INVALID`: with a wrong one the worker would wait for the model in vain. */
export function hostVariable(name: string, fallback: string): string {
  const given = textVariable(name) ?? fallback;
  if (/^(?:[\w.-]+|\[[\da-fA-F:.]+\])$/.test(given) && URL.canParse(`http://${given}`)) return given;
  throw invalid(name, `expected a host name or an address, got ${JSON.stringify(given)}`);
}

/**
 * A path on the model server, or an absolute URL. What is neither is warned about and replaced by the fallback, in the environment as
 * well: the worker reads the variable, too, and would not start.
 */
export function locationVariable(name: string, fallback: string): string {
  const given = textVariable(name);
  if (given === undefined || /^\/(?!\/)/.test(given) || isHttpUrl(given)) return given ?? fallback;
  warn(
    name,
    `expected a path such as ${fallback}, or an http URL, got ${JSON.stringify(given)}: ${fallback} is used`,
  );
  process.env[name] = fallback;
  return fallback;
}

/** Whether a value is the text of an `http:` or `https:` URL. */
export const isHttpUrl = (value: unknown): boolean =>
  typeof value === "string" && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);

/** Writes a warning about a variable to standard error. */
export function warn(name: string, message: string): void {
  console.warn(`warning: ${name}: ${message}`);
}

/** An error about a variable without which the deployment cannot work. */
export function invalid(name: string, message: string): TsworkerError {
  return new TsworkerError("CONFIG_INVALID", `${name}: ${message}`);
}
