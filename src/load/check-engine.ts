import { TsworkerError } from "../shared/errors.js";
import { reasonOf } from "../shared/reason-of.js";
import { inOneLine } from "./in-one-line.js";

/** How long the engine may take to show its public key, in milliseconds. */
const LIMIT_MS = 10_000;

/**
 * Makes sure that an engine answers, by a call that adds no load.
 *
 * @throws {TsworkerError} `ENGINE_UNREACHABLE` where nothing answers, or something else does.
 */
export async function checkEngine(engineUrl: string): Promise<void> {
  let status: number;
  let text: string;
  try {
    const response = await fetch(`${engineUrl.replace(/\/+$/, "")}/pubkey/`, {
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    status = response.status;
    text = await response.text();
  } catch (cause) {
    const reason = inOneLine(reasonOf(cause));
    throw new TsworkerError(
      "ENGINE_UNREACHABLE",
      `no answer from the engine at ${engineUrl}: ${reason}; is it running, and is --engine-url right?`,
      { cause },
    );
  }
  if (status === 200 && text.includes("PUBLIC KEY")) return;
  throw new TsworkerError(
    "ENGINE_UNREACHABLE",
    `what answers at ${engineUrl} is no engine: expected a public key from /pubkey/, got ${status}: ` +
      text.slice(0, 60).replaceAll(/\s+/g, " "),
  );
}
