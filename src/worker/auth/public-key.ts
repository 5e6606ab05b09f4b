import { createPublicKey, type KeyObject } from "node:crypto";

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
  // Node would take a public key out of it, and the engine's secret would have been handed out.
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
