import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, expect, test } from "vitest";
import { fetchPublicKey } from "../../../../src/worker/auth/public-key.js";
import { eventually } from "../../../support/eventually.js";
import { answering, engineStub, unusedAddress } from "../../support/engine-stub.js";

const pemOf = (key: KeyObject): string => key.export({ type: "spki", format: "pem" }).toString();
const KEYS = generateKeyPairSync("rsa", { modulusLength: 2048 });
const PEM = pemOf(KEYS.publicKey);
const privatePem = (type: "pkcs1" | "pkcs8"): string =>
  KEYS.privateKey.export({ type, format: "pem" }).toString();
const NEVER = new AbortController().signal;

describe("the public key", () => {
  test("is requested at the path of the protocol and accepted as it comes", async () => {
    const engine = await engineStub((response) => response.end(PEM));
    expect(await fetchPublicKey([engine.url], NEVER)).toBe(PEM);
    expect(engine.seen).toMatchObject([{ method: "GET", path: "/pubkey/" }]);
  });

  test("comes from the first address that has it", async () => {
    const failing = await engineStub(answering(503));
    const nonsense = await engineStub((response) => response.end("<html>"));
    const engine = await engineStub((response) => response.end(PEM));
    const unasked = await engineStub((response) => response.end(PEM));
    const addresses = [await unusedAddress(), failing.url, nonsense.url, engine.url, unasked.url];
    expect(await fetchPublicKey(addresses, NEVER)).toBe(PEM);
    expect(unasked.seen).toEqual([]);
  });

  test("that no address has is an error with the answer of each address", async () => {
    const failing = await engineStub(answering(503));
    const nonsense = await engineStub((response) => response.end("<html>"));
    const absent = await unusedAddress();
    const fetching = fetchPublicKey([absent, failing.url, nonsense.url], NEVER);
    await expect(fetching).rejects.toMatchObject({ code: "PUBLIC_KEY_UNAVAILABLE" });
    await expect(fetching).rejects.toThrow(`${absent}/pubkey/: `);
    await expect(fetching).rejects.toThrow("ECONNREFUSED");
    await expect(fetching).rejects.toThrow(`${failing.url}/pubkey/: expected status 200, got 503`);
    await expect(fetching).rejects.toThrow(`${nonsense.url}/pubkey/: `);
  });

  test.each([
    [
      "an EC key",
      "a key of type ec",
      () => pemOf(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey),
    ],
    ["an Ed25519 key", "a key of type ed25519", () => pemOf(generateKeyPairSync("ed25519").publicKey)],
    ["an X25519 key", "a key of type x25519", () => pemOf(generateKeyPairSync("x25519").publicKey)],
    [
      "a DSA key",
      "a key of type dsa",
      () => pemOf(generateKeyPairSync("dsa", { modulusLength: 1024, divisorLength: 160 }).publicKey),
    ],
    [
      "an RSA-PSS key",
      "a key of type rsa-pss",
      () => pemOf(generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).publicKey),
    ],
    [
      "a short RSA key",
      "one of 1024 bits",
      () => pemOf(generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey),
    ],
    ["a private key", "a private key", () => privatePem("pkcs8")],
    ["a private key of the older form", "a private key", () => privatePem("pkcs1")],
    ["nothing", "no key", () => ""],
    ["HTML", "no key", () => "<html>"],
  ])("that is %s is refused, and the next address is tried", async (_, got, make) => {
    const wrong = await engineStub((response) => response.end(make()));
    await expect(fetchPublicKey([wrong.url], NEVER)).rejects.toMatchObject({
      code: "PUBLIC_KEY_UNAVAILABLE",
      message: `no public key: ${wrong.url}/pubkey/: expected an RSA public key of at least 2048 bits in PEM, got ${got}`,
    });
    const engine = await engineStub((response) => response.end(PEM));
    expect(await fetchPublicKey([wrong.url, engine.url], NEVER)).toBe(PEM);
  });

  test("may be in the older form of RSA keys", async () => {
    const pem = KEYS.publicKey.export({ type: "pkcs1", format: "pem" }).toString();
    const engine = await engineStub((response) => response.end(pem));
    expect(await fetchPublicKey([engine.url], NEVER)).toBe(pem);
  });

  test("may have text of up to 64 KiB around it, and no more", async () => {
    const around = (length: number): string => PEM.padStart(length, "\n");
    const fitting = await engineStub((response) => response.end(around(65_536)));
    expect(await fetchPublicKey([fitting.url], NEVER)).toBe(around(65_536));
    const engine = await engineStub((response) => response.end(around(65_537)));
    await expect(fetchPublicKey([engine.url], NEVER)).rejects.toThrow(
      "expected at most 65536 bytes, got more",
    );
  });

  test("is not looked for in an answer without an end, whatever its status", async () => {
    for (const status of [200, 500]) {
      let isClosed = false;
      let written = 0;
      const engine = await engineStub((response) => {
        response.on("close", () => {
          isClosed = true;
        });
        const piece = Buffer.alloc(65_536, "\n");
        const more = (): void => {
          if (isClosed) return;
          written += piece.length;
          response.write(piece, more);
        };
        response.writeHead(status);
        more();
      });
      await expect(fetchPublicKey([engine.url], NEVER)).rejects.toThrow("expected at most 65536 bytes");
      await eventually(() => isClosed);
      // What fits into the buffers of two sockets was written, too.
      expect(written).toBeLessThan(20_000_000);
    }
  });

  test("is not waited for when it is no longer wanted", async () => {
    const controller = new AbortController();
    const engine = await engineStub(() => controller.abort());
    await expect(fetchPublicKey([engine.url], controller.signal)).rejects.toMatchObject({
      code: "PUBLIC_KEY_UNAVAILABLE",
    });
  });
});
