import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, sign } from "node:crypto";
import { promisify } from "node:util";
import { LRUCache } from "lru-cache";
import { signedMessage } from "../../shared/signed-message.js";

/** The engine's RSA key, which signs the URLs of workers. */
export class SigningKey {
  /** The public key, SPKI in PEM. */
  readonly publicPem: string;
  readonly #privateKey: KeyObject;
  /** A signature takes about 0.5 ms, is deterministic, and workers are few. */
  readonly #signatures = new LRUCache<string, string>({ max: 1000 });

  private constructor(privateKey: KeyObject) {
    this.#privateKey = privateKey;
    this.publicPem = createPublicKey(privateKey).export({ type: "spki", format: "pem" }).toString();
  }

  /** A new key of 2048 bits; takes about 100 ms. */
  static async generate(): Promise<SigningKey> {
    const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
    return new SigningKey(privateKey);
  }

  /** @throws when the PEM holds no private key. */
  static from(privatePem: string): SigningKey {
    return new SigningKey(createPrivateKey(privatePem));
  }

  /** The private key, PKCS #8 in PEM. */
  get privatePem(): string {
    return this.#privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  }

  /** Base64 of the RSASSA-PKCS1-v1_5 SHA-256 signature over the signed message of a URL. */
  sign(url: string): string {
    const known = this.#signatures.get(url);
    if (known !== undefined) return known;
    const signature = sign("sha256", Buffer.from(signedMessage(url)), this.#privateKey).toString("base64");
    this.#signatures.set(url, signature);
    return signature;
  }
}
