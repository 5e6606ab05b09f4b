import { errorMessage, TsworkerError } from "../shared/errors.js";
import { urlAt } from "../shared/url.js";
import { singleLine } from "./result-text.js";

/** Time limit of the call, in milliseconds. */
const TIMEOUT_MS = 10_000;

/**
 * Checks that an engine answers, by a call that adds no load.
 *
 * @throws {TsworkerError} `ENGINE_UNREACHABLE` without an answer, or with that of another server.
 */
export async function checkEngine(engineUrl: string): Promise<void> {
  let status: number;
  let text: string;
  try {
    const response = await fetch(urlAt(engineUrl, "pubkey/"), {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    status = response.status;
    text = await response.text();
  } catch (cause) {
    const reason = singleLine(errorMessage(cause));
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
