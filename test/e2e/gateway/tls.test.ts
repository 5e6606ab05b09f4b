import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import type { GatewayOptions } from "../../../src/gateway/index.js";
import { close, httpUrl, listen } from "../../../src/shared/listen.js";
import { post as postTo, startedEngine } from "../../support/started-engine.js";
import { codeIn, post, startedGateway } from "../../support/started-gateway.js";
import { type CertificateChain, certificateChain } from "../../support/worker-certificates.js";
import { workerStatus } from "../../support/worker-status.js";

let chain: CertificateChain;
let other: CertificateChain;

beforeAll(async () => {
  [chain, other] = await Promise.all([certificateChain("ours"), certificateChain("other")]);
});

/** Completes through a gateway and a worker with HTTPS. */
async function complete(options: Partial<GatewayOptions>): Promise<Response> {
  const engine = await startedEngine();
  const server = createTlsServer(chain.worker, (request, response) => {
    request.resume().on("end", () => response.end('{"ok":true}'));
  });
  const url = `https://127.0.0.1:${await listen(server, "127.0.0.1", 0)}`;
  onTestFinished(() => close(server));
  await postTo(engine, "/worker_status/", workerStatus({ url }));
  const gateway = await startedGateway(engine.url, { attempts: 1, ...options });
  return post(`${gateway.url}/v1/completions`, { prompt: "Hi" });
}

test("a worker with HTTPS is reached by its authority's certificate", async () => {
  expect((await complete({ workerCa: [other.root, chain.root] })).status).toBe(200);
});

test("a worker with HTTPS is reached by the root certificate of the web service", async () => {
  const server = createServer((request, response) => {
    if (request.url === "/static/jvastai_root.cer") response.end(chain.root);
    else response.writeHead(404).end("{}");
  });
  const webUrl = httpUrl("127.0.0.1", await listen(server, "127.0.0.1", 0));
  onTestFinished(() => close(server));
  expect((await complete({ webUrl })).status).toBe(200);
});

test.each([
  ["of another authority", () => ({ workerCa: other.root })],
  ["of no authority", () => ({ workerCa: null })],
])("a worker with a certificate %s gets nothing", async (_, options) => {
  const response = await complete(options());
  expect(response.status).toBe(502);
  expect(await codeIn(response)).toBe("worker_unreachable");
});
