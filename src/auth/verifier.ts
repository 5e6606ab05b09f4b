import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { LRUCache } from "lru-cache";
import { signedMessage } from "../signed-message.js";

/** Verified pairs that are remembered: each is a worker's URL and its signature, some 500 bytes. */
const REMEMBERED = 10_000;

/**
 * Checks that the engine signed a worker's URL: RSASSA-PKCS1-v1_5 with SHA-256. The same pair comes with every
 * request of a client, so verified pairs are remembered; refused ones are not, they would let anyone fill the
 * memory.
 */
export class Verifier {
  readonly #verified = new LRUCache<string, string>({ max: REMEMBERED });
  #key: KeyObject | undefined;

  /** Takes the engine's public key as PEM; what was verified with an earlier key is forgotten. */
  useKey(pem: string): void {
    this.#key = createPublicKey(pem);
    this.#verified.clear();
  }

  /** Whether the signature is the engine's; false as long as there is no key. */
  isSigned(url: string, signature: string): boolean {
    if (this.#key === undefined) return false;
    if (this.#verified.get(signature) === url) return true;
    const message = Buffer.from(signedMessage(url));
    if (!verify("sha256", message, this.#key, Buffer.from(signature, "base64"))) return false;
    this.#verified.set(signature, url);
    return true;
  }
}
