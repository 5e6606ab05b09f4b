import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { tsworker } from "../../../support/command-line.js";
import { eventually } from "../../../support/eventually.js";
import { freeNeighbours } from "../../../support/free-port.js";

test("a server without /health and without chats: ready by its list of models, with an assumed capacity, and open on loopback", async () => {
  let isLoaded = false;
  const keys = new Set<string | undefined>();
  const server = createServer((request, response) => {
    request.resume();
    keys.add(request.headers.authorization);
    const isList = request.url === "/v1/models";
    const isFound = isList || request.url === "/v1/embeddings";
    response.writeHead(isFound ? (isLoaded ? 200 : 503) : 404, { "content-type": "application/json" });
    response.end(isList ? JSON.stringify({ data: [{ id: "nomic-embed-text" }] }) : "{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const port = await freeNeighbours();
  const proxy = tsworker("proxy", url, "--port", `${port}`, "--model-key", "the-models-key");

  await eventually(() => expect(proxy.stdout()).toContain(`for the model at ${url}: /v1/models answers 503`));
  const ask = () => fetch(`http://127.0.0.1:${port}/v1/embeddings`, { method: "POST", body: "{}" });
  await eventually(async () => expect((await ask()).status).toBe(503));
  isLoaded = true;
  await eventually(() => expect(proxy.stdout()).toContain(`http://127.0.0.1:${port}/v1/chat/completions`));
  expect(proxy.stdout()).toContain(
    "the capacity cannot be measured (404 {}): 1000 units per second are assumed",
  );
  expect((await ask()).status).toBe(200);
  expect([...keys]).toEqual(["Bearer the-models-key"]);

  const second = tsworker("proxy", url, "--port", `${port}`);
  expect(await second.exitCode).toBe(1);
  expect(second.stderr()).toMatch(/^error: cannot listen on port \d+ .*; choose another --port or --host\n$/);

  proxy.signal("SIGINT");
  expect(await proxy.exitCode).toBe(0);
  expect(proxy.stdout()).toContain("draining");
  expect(proxy.stderr()).toBe("");
});
