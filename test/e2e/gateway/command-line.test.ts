import { execFile } from "node:child_process";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { tsworker } from "../../support/command-line.js";
import { eventually } from "../../support/eventually.js";
import { freePort } from "../../support/free-port.js";
import { open, read } from "../../support/http-client.js";
import { SLOW } from "../../support/process-engine.js";
import { startedEngine } from "../../support/started-engine.js";
import { codeIn, post } from "../../support/started-gateway.js";
import { tinyWorker } from "../../support/tiny-worker.js";
import { snippetsOf, textOf } from "../../unit/support/documents.js";

const KEY = "the-gateways-own-key";

/** A gateway as a process, before an engine with one worker that answers as the test says. */
async function gatewayProcess(answer: (response: ServerResponse) => void, ...flags: readonly string[]) {
  const engine = await startedEngine({ apiKey: KEY });
  const worker = await tinyWorker(answer);
  await worker.announce(engine);
  const port = await freePort();
  const address = [
    "--endpoint",
    "endpoint",
    "--api-key",
    KEY,
    "--engine-url",
    engine.url,
    "--port",
    `${port}`,
  ];
  const gateway = tsworker("gateway", ...address, ...flags);
  await eventually(() => gateway.stdout().includes("gateway listens"), SLOW);
  return { engine, worker, gateway, url: `http://127.0.0.1:${port}` };
}

test("on SIGTERM new requests are refused, streams finish, and the process ends with 0", async () => {
  const streams: ServerResponse[] = [];
  const metricsPort = await freePort();
  const { gateway, url, worker } = await gatewayProcess(
    (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
      streams.push(response);
    },
    "--metrics-port",
    `${metricsPort}`,
  );
  const route = `${url}/v1/completions`;
  const stream = await open(route, { body: {}, headers: { "x-request-id": "the-stream" } });
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  expect(metrics).toContain('tsworker_gateway_active_requests{endpoint="endpoint"} 1');

  gateway.signal("SIGTERM");
  await eventually(async () => expect((await fetch(`${url}/healthz`)).status).toBe(503));
  const refused = await post(route, {});
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(await codeIn(refused)).toBe("gateway_draining");
  streams[0]?.end("data: 2\n\n");
  const reply = await read(stream);
  expect([reply.complete, reply.body.toString()]).toEqual([true, "data: 1\n\ndata: 2\n\n"]);
  expect(await gateway.exitCode).toBe(0);

  expect(worker.seen.length).toBe(1);
  expect(worker.seen[0]?.headers["x-request-id"]).toBe("the-stream");
  const lines = gateway.stdout().trim().split("\n");
  const ended = lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === "request ended");
  expect(ended).toMatchObject({
    requestId: "the-stream",
    endpoint: "endpoint",
    path: "/v1/completions",
    status: "200",
  });
  expect(gateway.stdout() + gateway.stderr()).not.toContain(KEY);
});

test("after the time for draining, what has not finished is broken off", async () => {
  const { gateway, url } = await gatewayProcess(
    (response) => response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n"),
    "--drain",
    "0.2",
  );
  const stream = await open(`${url}/v1/completions`, { body: {} });
  gateway.signal("SIGTERM");
  expect((await read(stream)).complete).toBe(false);
  expect(await gateway.exitCode).toBe(0);
});

test("--model names the models, and --cost the workload", async () => {
  const { engine, url } = await gatewayProcess(
    (response) => response.end("{}"),
    ...["--model", "one/a", "--model", "b", "--cost", "7.5"],
  );
  const { data } = (await (await fetch(`${url}/v1/models`)).json()) as {
    readonly data: { readonly id: string }[];
  };
  expect(data.map(({ id }) => id)).toEqual(["one/a", "b"]);
  expect((await fetch(`${url}/endpoint/v1/models/one%2Fa`)).status).toBe(200);
  await post(`${url}/v1/completions`, { max_tokens: 100 });
  expect(engine.totals.requestedLoad).toBe(7.5);
});

test.each([
  ["an address beyond loopback without keys", ["--host", "0.0.0.0"], /--anywhere/],
  ["models of several endpoints", ["--endpoint", "b", "--model", "m"], /--model: expected one --endpoint/],
  ["an endpoint that is named twice", ["--endpoint", "endpoint"], /expected each endpoint once/],
  ["port 0", ["--port", "0"], /port/],
])("%s is an error with advice", async (_, flags, message) => {
  const address = ["--endpoint", "endpoint", "--api-key", KEY, "--engine-url", "http://127.0.0.1:9"];
  const gateway = tsworker("gateway", ...address, ...flags);
  expect(await gateway.exitCode).toBe(1);
  expect(gateway.stderr()).toMatch(message);
  expect(gateway.stderr()).not.toContain(KEY);
});

test("a port that is taken is an error with advice", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected an address");
  const flags = ["--endpoint", "e", "--api-key", KEY, "--engine-url", "http://127.0.0.1:9"];
  const gateway = tsworker("gateway", ...flags, "--port", `${address.port}`);
  expect(await gateway.exitCode).toBe(1);
  expect(gateway.stderr()).toContain(`cannot listen on port ${address.port} of 127.0.0.1: it is taken`);
});

test("the commands of the page start an engine with workers and a gateway, and curl is answered", async () => {
  const [engineLine = "", gatewayLine = "", calls = ""] = snippetsOf(await textOf("docs/gateway.md"), "sh");
  const [enginePort, port] = [await freePort(), await freePort()];
  const ours = (text: string): string =>
    text.replaceAll("8080", `${enginePort}`).replaceAll("4000", `${port}`);
  const run = (line: string) => tsworker(...ours(line).trim().split(/\s+/).slice(2));
  const engine = run(engineLine);
  await eventually(() => engine.stdout().includes("listening"), SLOW);
  const gateway = run(gatewayLine);
  await eventually(() => gateway.stdout().includes("gateway listens"), SLOW);
  const { stdout } = await promisify(execFile)("sh", ["-ec", ours(calls)]);
  expect(stdout).toContain('"object":"chat.completion"');
  expect(stdout).toContain("data: [DONE]");
  gateway.signal("SIGTERM");
  expect(await gateway.exitCode).toBe(0);
});
