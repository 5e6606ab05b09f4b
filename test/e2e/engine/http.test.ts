import { expect, test } from "vitest";
import { Engine } from "../../../src/engine/index.js";
import { post, startedEngine } from "../../support/started-engine.js";

test("an unknown path is answered 404", async () => {
  const engine = await startedEngine();
  const response = await post(engine, "/nowhere/", {});
  expect(response.status).toBe(404);
  expect(await response.json()).toEqual({ error_msg: "no such path: /nowhere/" });
});

test("a wrong method is answered 405 with the right one", async () => {
  const engine = await startedEngine();
  const response = await fetch(`${engine.url}/route/`);
  expect(response.status).toBe(405);
  expect(response.headers.get("allow")).toBe("POST");
});

test("the slash at the end of a path makes no difference", async () => {
  const engine = await startedEngine();
  expect((await fetch(`${engine.url}/pubkey`)).status).toBe(200);
  expect((await post(engine, "/route", { endpoint: "endpoint", api_key: "key" })).status).toBe(200);
});

test("a taken port is one clear error", async () => {
  const { url } = await startedEngine();
  const second = new Engine({ endpoint: "endpoint", apiKey: "key", port: Number(new URL(url).port) });
  await expect(second.start()).rejects.toMatchObject({
    code: "PORT_UNAVAILABLE",
    message: expect.stringContaining("something else listens there"),
  });
});

test("a given private key is used", async () => {
  const { generateKeyPairSync } = await import("node:crypto");
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const engine = await startedEngine({
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  });
  expect(engine.publicKey).toBe(publicKey.export({ type: "spki", format: "pem" }).toString());
});
