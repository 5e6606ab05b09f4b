import { type KeyObject, verify } from "node:crypto";
import { LRUCache } from "lru-cache";
import { signedMessage } from "../../shared/signed-message.js";
import { publicKeyOf } from "./public-key.js";

/** Verified pairs that are remembered: each is a worker's URL and its signature, some 500 bytes, 4 KB at most. */
const REMEMBERED = 10_000;
/**
 * Longest URL and longest signature that are checked; a key of 8192 bits makes signatures of 1368 characters.
 * Base64 may carry any number of characters that do not count, and the work grows with the length.
 */
const MAX_LENGTH = 2048;

/**
 * Checks that the engine signed a worker's URL: RSASSA-PKCS1-v1_5 with SHA-256. The same pair comes with every
 * request of a client, so verified pairs are remembered; refused ones are not, they would let anyone fill the
 * memory.
 */
export class Verifier {
  readonly #verified = new LRUCache<string, string>({ max: REMEMBERED });
  #key: KeyObject | undefined;
  /**
   * The pair verified last. Nearly always it is this one again: a worker has one URL, and its signature does not
   * change. Comparing it saves a lookup by a text of 344 characters.
   */
  #last: { readonly url: string; readonly signature: string } | undefined;

  /**
   * Takes the engine's public key as PEM; what was verified with an earlier key is forgotten.
   *
   * @throws Error if it cannot verify signatures.
   */
  useKey(pem: string): void {
    this.#key = publicKeyOf(pem);
    this.#verified.clear();
    this.#last = undefined;
  }

  /** Whether the signature is the engine's; false as long as there is no key. */
  isSigned(url: string, signature: string): boolean {
    if (this.#last?.signature === signature && this.#last.url === url) return true;
    if (url.length > MAX_LENGTH || signature.length > MAX_LENGTH) return false;
    if (this.#verified.get(signature) !== url) {
      if (!this.#verify(url, signature)) return false;
      this.#verified.set(signature, url);
    }
    this.#last = { url, signature };
    return true;
  }

  #verify(url: string, signature: string): boolean {
    if (this.#key === undefined) return false;
    return verify("sha256", Buffer.from(signedMessage(url)), this.#key, Buffer.from(signature, "base64"));
  }
}
