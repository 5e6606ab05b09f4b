import { isUtf8 } from "node:buffer";
import { isDeepStrictEqual } from "node:util";
import { JsonScanner } from "../../src/worker/request/envelope/json-scanner.js";

const NAMES = ["auth_data", "payload", "session_id", "__proto__"];

const scanner = new JsonScanner(NAMES);

const NO_JSON = Symbol("no JSON");

function parsed(body: Buffer): unknown {
  if (!isUtf8(body)) return NO_JSON;
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return NO_JSON;
  }
}

function isAccepted(pieces: readonly Buffer[]): boolean {
  scanner.reset();
  try {
    for (const piece of pieces) scanner.push(piece);
    scanner.end();
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/**
 * Compares what the scanner finds in a body with what `JSON.parse` does.
 *
 * @param pieces the body, split.
 * @returns whether the body is JSON.
 * @throws Error where they differ.
 */
export function compareJson(body: Buffer, pieces: readonly Buffer[]): boolean {
  const value = parsed(body);
  const accepted = isAccepted(pieces);
  if (accepted !== (value !== NO_JSON)) throw new Error(`scanner ${accepted ? "accepts" : "refuses"} it`);
  if (!accepted) return false;
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!scanner.isComplete) throw new Error("isComplete is false");
  for (const [index, name] of NAMES.entries()) {
    const start = scanner.spans.startOf(index);
    const end = scanner.spans.endOf(index);
    if (!isObject || !Object.hasOwn(value, name)) {
      if (start !== -1 || end !== -1) throw new Error(`${name} is not there, got ${start} to ${end}`);
      continue;
    }
    const found = body.subarray(start, end).toString("utf8");
    const own = Object.getOwnPropertyDescriptor(value, name)?.value;
    if (found.trim() !== found || !isDeepStrictEqual(JSON.parse(found), own))
      throw new Error(`${name} is not what stands from ${start} to ${end}`);
  }
  return true;
}
