import { readFile } from "node:fs/promises";
import { TsworkerError } from "../shared/errors.js";
import { random } from "../shared/random.js";
import type { Payload } from "../shared/wire.js";

/**
 * Reads payloads from a file: one JSON object, an array of them, or one per line.
 *
 * @throws {TsworkerError} `CONFIG_INVALID` where the file is missing or has another format.
 */
export async function readPayloads(path: string): Promise<readonly Payload[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TsworkerError("CONFIG_INVALID", `cannot read the payload: ${reason}`, { cause });
  }
  return payloadsIn(text, path);
}

/**
 * Parses payloads: one JSON object, an array of them, or one per line.
 *
 * @param name of the text in errors.
 * @throws {TsworkerError} `CONFIG_INVALID`.
 */
export function payloadsIn(text: string, name: string): readonly Payload[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const whole = lines.length > 1 ? parsedWhole(text) : undefined;
  const values: readonly unknown[] =
    whole === undefined
      ? lines.map((line, index) => parsedLine(line, `${name}, line ${index + 1}`))
      : [whole];
  const payloads = values.length === 1 ? [values[0]].flat() : values;
  if (payloads.length === 0) throw invalid(`${name} has no payload: expected a JSON object, or one per line`);
  return payloads.map((payload, index) => {
    if (isPayload(payload)) return payload;
    const place = payloads.length === 1 ? name : `${name}, payload ${index + 1}`;
    throw invalid(`${place}: expected a JSON object, got ${JSON.stringify(payload)?.slice(0, 60)}`);
  });
}

const invalid = (message: string, cause?: unknown): TsworkerError =>
  new TsworkerError("CONFIG_INVALID", message, { cause });

/** Whether it is a JSON object. */
export const isPayload = (value: unknown): value is Payload =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Undefined where the text is not JSON. */
function parsedWhole(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parsedLine(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(`${place}: not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

/** How requests choose among several payloads. */
export type PayloadOrder = "turn" | "random";

export const PAYLOAD_ORDERS = ["turn", "random"] as const satisfies readonly PayloadOrder[];

/**
 * A function that returns the index of the next request's payload, of `count`: in turn, or drawn with equal chances. The
 * same seed draws the same indexes.
 */
export function payloadOrder(order: PayloadOrder, count: number, seed: number): () => number {
  if (order === "random") {
    const draw = random(seed);
    return () => Math.floor(draw() * count);
  }
  let next = 0;
  return () => next++ % count;
}

const DEFAULT_WORKLOAD = 100;

/** The workload of a payload where none is given: its `max_tokens`, or 100. */
export function workloadOf({ max_tokens }: Payload): number {
  return typeof max_tokens === "number" && max_tokens >= 0 ? max_tokens : DEFAULT_WORKLOAD;
}
