import { createPublicKey } from "node:crypto";
import { TsworkerError } from "../errors.js";

/** Milliseconds that one address may take. */
const TIMEOUT_MS = 10_000;

/**
 * Gets the engine's public key from the first address that has it.
 *
 * @returns the key as PEM.
 * @throws TsworkerError `PUBLIC_KEY_UNAVAILABLE`, which tells what each address answered.
 */
export async function fetchPublicKey(addresses: readonly string[], signal: AbortSignal): Promise<string> {
  const faults: string[] = [];
  for (const address of addresses) {
    const url = `${address}/pubkey/`;
    try {
      const response = await fetch(url, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      const pem = await response.text();
      if (!response.ok) throw new Error(`expected status 200, got ${response.status}`);
      createPublicKey(pem);
      return pem;
    } catch (error) {
      faults.push(`${url}: ${error instanceof Error ? `${error.message}${causeOf(error)}` : String(error)}`);
    }
  }
  throw new TsworkerError("PUBLIC_KEY_UNAVAILABLE", `no public key: ${faults.join("; ")}`);
}

/** `fetch` hides what happened, such as ECONNREFUSED, in the cause. */
const causeOf = (error: Error): string => (error.cause instanceof Error ? ` (${error.cause.message})` : "");
