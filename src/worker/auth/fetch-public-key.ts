import { TsworkerError } from "../../shared/errors.js";
import { publicKeyOf } from "./public-key.js";

/** Milliseconds that one address may take for its whole answer. */
const TIMEOUT_MS = 10_000;

/** Bytes of an answer; a key of 16,384 bits takes 3 KB. */
const ANSWER_LIMIT = 64 * 1024;

/**
 * Gets the engine's public key from the first address that has it.
 *
 * @returns the key as PEM.
 * @throws TsworkerError `PUBLIC_KEY_UNAVAILABLE`, which has what each address answered.
 */
export async function fetchPublicKey(addresses: readonly string[], signal: AbortSignal): Promise<string> {
  const faults: string[] = [];
  for (const address of addresses) {
    const url = `${address}/pubkey/`;
    try {
      const response = await fetch(url, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      const pem = await textOf(response);
      if (!response.ok) throw new Error(`expected status 200, got ${response.status}`);
      publicKeyOf(pem);
      return pem;
    } catch (error) {
      faults.push(`${url}: ${error instanceof Error ? `${error.message}${causeOf(error)}` : String(error)}`);
    }
  }
  throw new TsworkerError("PUBLIC_KEY_UNAVAILABLE", `no public key: ${faults.join("; ")}`);
}

/** The answer's text, of which no more than the limit is read. */
async function textOf({ body }: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  // What is left when the loop is left is cancelled, and its connection closed.
  for await (const piece of body ?? []) {
    bytes += piece.length;
    if (bytes > ANSWER_LIMIT) throw new Error(`expected at most ${ANSWER_LIMIT} bytes, got more`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

/** `fetch` hides what happened, such as ECONNREFUSED, in the cause. */
const causeOf = (error: Error): string => (error.cause instanceof Error ? ` (${error.cause.message})` : "");
