import { constants, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Verifier } from "../../../../src/worker/auth/verifier.js";

const VECTORS: readonly { readonly name: string; readonly url: string; readonly message: string }[] =
  JSON.parse(readFileSync(new URL("../../../fixtures/signed-messages.json", import.meta.url), "utf8"));

const newKey = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
const pemOf = (key: KeyObject): string => key.export({ type: "spki", format: "pem" }).toString();
const [engine, foreign] = [newKey(), newKey()];
const signature = (message: string, { privateKey } = engine): string =>
  sign("sha256", Buffer.from(message), privateKey).toString("base64");

/** A verifier that has the engine's key. */
function verifier(): Verifier {
  const made = new Verifier();
  made.useKey(pemOf(engine.publicKey));
  return made;
}

const URL_SIGNED = "http://203.0.113.7:41000";
const MESSAGE = `{\n    "url": "${URL_SIGNED}"\n}`;

describe("a signature", () => {
  test.each(VECTORS)("over what Python signs for a URL counts: $name", ({ url, message }) => {
    expect(verifier().isSigned(url, signature(message))).toBe(true);
  });

  test("counts again and again", () => {
    const made = verifier();
    for (let times = 0; times < 3; times++) expect(made.isSigned(URL_SIGNED, signature(MESSAGE))).toBe(true);
  });

  test("does not count for another URL, even when it was just verified for its own", () => {
    const made = verifier();
    made.isSigned(URL_SIGNED, signature(MESSAGE));
    expect(made.isSigned(`${URL_SIGNED}/`, signature(MESSAGE))).toBe(false);
    expect(made.isSigned("", signature(MESSAGE))).toBe(false);
  });

  test.each([
    ["of another key", signature(MESSAGE, foreign)],
    ["over the bare URL", signature(URL_SIGNED)],
    ["over JSON without the indent", signature(JSON.stringify({ url: URL_SIGNED }))],
    ["with SHA-1", sign("sha1", Buffer.from(MESSAGE), engine.privateKey).toString("base64")],
    [
      "with another padding",
      sign("sha256", Buffer.from(MESSAGE), {
        key: engine.privateKey,
        padding: constants.RSA_PKCS1_PSS_PADDING,
      }).toString("base64"),
    ],
    ["that is cut short", signature(MESSAGE).slice(0, 100)],
    ["that is empty", ""],
    ["that is no base64", "no signature at all!"],
  ])("%s does not count, however often it comes", (_, wrong) => {
    const made = verifier();
    expect([made.isSigned(URL_SIGNED, wrong), made.isSigned(URL_SIGNED, wrong)]).toEqual([false, false]);
  });
});

describe("what is longer than any URL or signature", () => {
  const LONGEST = 2048;
  const urlOf = (length: number): string => URL_SIGNED.padEnd(length, "/");
  const signedUrl = (length: number): [url: string, signed: string] => [
    urlOf(length),
    signature(`{\n    "url": "${urlOf(length)}"\n}`),
  ];

  test("does not count, be it signed: a URL", () => {
    const made = verifier();
    expect(made.isSigned(...signedUrl(LONGEST))).toBe(true);
    expect(made.isSigned(...signedUrl(LONGEST + 1))).toBe(false);
    expect(made.isSigned(...signedUrl(LONGEST))).toBe(true);
  });

  test("does not count, be it right: a signature with characters in it that base64 passes over", () => {
    const made = verifier();
    expect(made.isSigned(URL_SIGNED, signature(MESSAGE).padEnd(LONGEST, "\n"))).toBe(true);
    expect(made.isSigned(URL_SIGNED, signature(MESSAGE).padEnd(LONGEST + 1, "\n"))).toBe(false);
  });

  test.each([
    ["URLs of 5 MB", "\x7f".repeat(5_000_000), signature(MESSAGE)],
    ["signatures of 5 MB", URL_SIGNED, "A".repeat(5_000_000)],
    ["both", "\x7f".repeat(5_000_000), "A".repeat(5_000_000)],
  ])("costs nothing: a thousand %s", (_, url, signed) => {
    const made = verifier();
    const start = performance.now();
    for (let times = 0; times < 1000; times++) expect(made.isSigned(url, signed)).toBe(false);
    // It takes some milliseconds. Looked at, each one would take tens of them: half a minute in all.
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

describe("without the engine's key", () => {
  test("no signature counts", () => {
    expect(new Verifier().isSigned(URL_SIGNED, signature(MESSAGE))).toBe(false);
  });
});

describe("with a new key", () => {
  test("what was verified with the old one does not count any more", () => {
    const made = verifier();
    made.isSigned(URL_SIGNED, signature(MESSAGE));
    made.useKey(pemOf(foreign.publicKey));
    expect(made.isSigned(URL_SIGNED, signature(MESSAGE))).toBe(false);
    expect(made.isSigned(URL_SIGNED, signature(MESSAGE, foreign))).toBe(true);
  });
});
