import { isDeepStrictEqual } from "node:util";
import { decodeMsgpack } from "../../src/worker/request/envelope/msgpack.js";
import { MsgpackScanner } from "../../src/worker/request/envelope/msgpack-scanner.js";
import { checkMsgpack } from "./check-msgpack.js";

const NAMES = ["auth_data", "payload", "session_id", "__proto__"];

const scanner = new MsgpackScanner(NAMES, 0);

/** Undefined, which no value decodes to, for what is refused. */
function orRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isAccepted(pieces: readonly Buffer[], maxBytes: number): boolean {
  scanner.reset(maxBytes);
  const accepted = orRefused(() => {
    for (const piece of pieces) scanner.push(piece);
    scanner.end();
    return true;
  });
  return accepted === true;
}

/**
 * Compares what the scanner accepts with the reference, and what it finds in a body with what `decodeMsgpack` does.
 *
 * @param pieces the body, split.
 * @param maxBytes at least its length.
 * @returns whether the body is msgpack.
 * @throws Error where they differ.
 */
export function compareMsgpack(body: Buffer, pieces: readonly Buffer[], maxBytes: number): boolean {
  const isRight = orRefused(() => {
    checkMsgpack(body);
    return true;
  });
  const accepted = isAccepted(pieces, maxBytes);
  if (accepted !== (isRight === true)) throw new Error(`scanner ${accepted ? "accepts" : "refuses"} it`);
  if (!accepted) return false;
  const value = decodeMsgpack(body);
  const isObject =
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
  for (const [index, name] of NAMES.entries()) {
    const start = scanner.spans.startOf(index);
    const end = scanner.spans.endOf(index);
    if (!isObject || !Object.hasOwn(value, name)) {
      if (start !== -1 || end !== -1) throw new Error(`${name} is not there, got ${start} to ${end}`);
      continue;
    }
    const own = Object.getOwnPropertyDescriptor(value, name)?.value;
    if (!isDeepStrictEqual(decodeMsgpack(body.subarray(start, end)), own))
      throw new Error(`${name} is not what stands from ${start} to ${end}`);
  }
  return true;
}
