import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  sign,
} from "node:crypto";
import { promisify } from "node:util";
import { LRUCache } from "lru-cache";
import { signedMessage } from "../../shared/signed-message.js";

/** The engine's RSA key, which signs the URLs of workers. */
export class SigningKey {
  /** The public key, SPKI in PEM. */
  readonly publicPem: string;
  readonly #privateKey: KeyObject;
  #certificate: string | undefined;
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

  /**
   * A root certificate of this key, in PEM; the same each time. Python's clients fetch one before anything else, to trust the
   * workers that it signed. The engine signs none.
   */
  get certificate(): string {
    this.#certificate ??= rootCertificate(this.#privateKey);
    return this.#certificate;
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

/** A DER value: tag, length, content. */
function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const bytes: number[] = [];
  for (let rest = body.length; rest > 0; rest >>= 8) bytes.unshift(rest & 0xff);
  const length = body.length < 0x80 ? [body.length] : [0x80 | bytes.length, ...bytes];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

const sequence = (...content: readonly Uint8Array[]): Buffer => der(0x30, ...content);
const objectId = (hex: string): Buffer => der(0x06, Buffer.from(hex, "hex"));
const text = (tag: number, value: string): Buffer => der(tag, Buffer.from(value));

/** A self-signed certificate (RFC 5280) that never expires. */
function rootCertificate(privateKey: KeyObject): string {
  const publicKey = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  const algorithm = sequence(objectId("2a864886f70d01010b"), der(0x05)); // sha256WithRSAEncryption
  const commonName = sequence(objectId("550403"), text(0x0c, "tsworker engine"));
  const name = sequence(der(0x31, commonName));
  const extension = (id: string, value: Buffer): Buffer =>
    sequence(objectId(id), der(0x01, Buffer.from([0xff])), der(0x04, value)); // critical
  const unsigned = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    // Positive, and of its own for each key.
    der(0x02, Buffer.from([1]), createHash("sha256").update(publicKey).digest().subarray(0, 15)),
    algorithm,
    name,
    sequence(text(0x17, "200101000000Z"), text(0x18, "99991231235959Z")),
    name,
    publicKey,
    der(
      0xa3,
      sequence(
        extension("551d13", sequence(der(0x01, Buffer.from([0xff])))), // basicConstraints: a CA
        extension("551d0f", der(0x03, Buffer.from([1, 0x06]))), // keyUsage: keyCertSign, cRLSign
      ),
    ),
  );
  const signature = sign("sha256", unsigned, privateKey);
  const certificate = sequence(unsigned, algorithm, der(0x03, Buffer.from([0]), signature)).toString(
    "base64",
  );
  return `-----BEGIN CERTIFICATE-----\n${certificate.replace(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----\n`;
}
