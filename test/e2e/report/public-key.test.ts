import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { expect } from "vitest";
import { close, httpUrl, listen } from "../../../src/shared/listen.js";
import { ask } from "../../support/client.js";
import { test } from "../../support/cluster.js";

test.concurrent("a key that cannot verify signatures is not used: the worker is ready once the engine has the right one", async ({
  cluster,
  onTestFinished,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const wrong = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
  const keys = [wrong.export({ type: "spki", format: "pem" }).toString()];
  const server = createServer((request, response) => {
    request.resume();
    response.end(request.url === "/pubkey/" ? (keys.shift() ?? engine.publicKey) : undefined);
  });
  const url = httpUrl("127.0.0.1", await listen(server, "127.0.0.1", 0));
  onTestFinished(() => close(server));
  const worker = await cluster.worker({ engine, model, env: { REPORT_ADDR: url } });
  expect(keys).toEqual([]);
  expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(200);
  const signature = Buffer.alloc(256).toString("base64");
  expect((await ask(engine, worker, { cost: 1 }, { authData: { signature } }).answer).status).toBe(401);
});
