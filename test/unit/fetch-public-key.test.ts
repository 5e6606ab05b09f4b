import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { fetchPublicKey } from "../../src/auth/fetch-public-key.js";
import { answering, engineStub, nobody } from "./support/engine-stub.js";

const PEM = generateKeyPairSync("rsa", { modulusLength: 2048 })
  .publicKey.export({ type: "spki", format: "pem" })
  .toString();
const NEVER = new AbortController().signal;

describe("the public key", () => {
  test("is asked for at the path of the protocol and taken as it comes", async () => {
    const engine = await engineStub((response) => response.end(PEM));
    expect(await fetchPublicKey([engine.url], NEVER)).toBe(PEM);
    expect(engine.seen).toMatchObject([{ method: "GET", path: "/pubkey/" }]);
  });

  test("comes from the first address that has it", async () => {
    const failing = await engineStub(answering(503));
    const nonsense = await engineStub((response) => response.end("<html>"));
    const engine = await engineStub((response) => response.end(PEM));
    const unasked = await engineStub((response) => response.end(PEM));
    const addresses = [await nobody(), failing.url, nonsense.url, engine.url, unasked.url];
    expect(await fetchPublicKey(addresses, NEVER)).toBe(PEM);
    expect(unasked.seen).toEqual([]);
  });

  test("that nobody has is an error that tells what each address answered", async () => {
    const failing = await engineStub(answering(503));
    const nonsense = await engineStub((response) => response.end("<html>"));
    const absent = await nobody();
    const fetching = fetchPublicKey([absent, failing.url, nonsense.url], NEVER);
    await expect(fetching).rejects.toMatchObject({ code: "PUBLIC_KEY_UNAVAILABLE" });
    await expect(fetching).rejects.toThrow(`${absent}/pubkey/: `);
    await expect(fetching).rejects.toThrow("ECONNREFUSED");
    await expect(fetching).rejects.toThrow(`${failing.url}/pubkey/: expected status 200, got 503`);
    await expect(fetching).rejects.toThrow(`${nonsense.url}/pubkey/: `);
  });

  test("is not waited for when it is no longer wanted", async () => {
    const controller = new AbortController();
    const engine = await engineStub(() => controller.abort());
    await expect(fetchPublicKey([engine.url], controller.signal)).rejects.toMatchObject({
      code: "PUBLIC_KEY_UNAVAILABLE",
    });
  });
});
