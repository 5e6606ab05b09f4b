import { createPublicKey, type KeyObject } from "node:crypto";
import { TsworkerError } from "../../shared/errors.js";
import { withTimeLimit } from "../../shared/time-limit.js";

/** Fewest bits of the engine's key: shorter RSA keys can be factored, or will be. Engines make keys of 2048 bits. */
const LEAST_BITS = 2048;

/**
 * The public key in a PEM text. Signatures are RSASSA-PKCS1-v1_5, which neither other kinds of keys nor RSA-PSS keys can
 * verify: each request would fail with an exception.
 *
 * @throws Error that has what was expected and what the text holds.
 */
export function publicKeyOf(pem: string): KeyObject {
  const expected = `expected an RSA public key of at least ${LEAST_BITS} bits in PEM`;
  // Node.js would derive a public key from it, and the engine's secret would have been published.
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) throw new Error(`${expected}, got a private key`);
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw new Error(`${expected}, got no key`);
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type !== "rsa") throw new Error(`${expected}, got a key of type ${type}`);
  const bits = details?.modulusLength ?? 0;
  if (bits < LEAST_BITS) throw new Error(`${expected}, got one of ${bits} bits`);
  return key;
}

/** Milliseconds that one address may take for its whole answer. */
const TIMEOUT_MS = 10_000;

/** Bytes of an answer; a key of 16,384 bits takes 3 KB. */
const ANSWER_LIMIT = 64 * 1024;

/**
 * Gets the engine's public key from the first address that has it.
 *
 * @returns the key as PEM.
 * @throws TsworkerError `PUBLIC_KEY_UNAVAILABLE`, whose message has the answer of each address.
 */
export async function fetchPublicKey(addresses: readonly string[], signal: AbortSignal): Promise<string> {
  const faults: string[] = [];
  for (const address of addresses) {
    const url = `${address}/pubkey/`;
    try {
      return await withTimeLimit(TIMEOUT_MS, signal, (limited) => fetchFrom(url, limited));
    } catch (error) {
      faults.push(`${url}: ${error instanceof Error ? `${error.message}${causeOf(error)}` : String(error)}`);
    }
  }
  throw new TsworkerError("PUBLIC_KEY_UNAVAILABLE", `no public key: ${faults.join("; ")}`);
}

async function fetchFrom(url: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { signal });
  const pem = await textOf(response);
  if (!response.ok) throw new Error(`expected status 200, got ${response.status}`);
  publicKeyOf(pem);
  return pem;
}

/** The answer's text, of which no more than the limit is read. */
async function textOf({ body }: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop cancels the rest and closes the connection.
  for await (const piece of body ?? []) {
    bytes += piece.length;
    if (bytes > ANSWER_LIMIT) throw new Error(`expected at most ${ANSWER_LIMIT} bytes, got more`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

/** `fetch` hides what happened, such as ECONNREFUSED, in the cause. */
const causeOf = (error: Error): string => (error.cause instanceof Error ? ` (${error.cause.message})` : "");
