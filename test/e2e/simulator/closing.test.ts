import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { simKind } from "../../../src/cli/sim/sim-kinds.js";
import { Serverless } from "../../../src/client/index.js";
import { CLOSINGS, type Closing } from "../../../src/simulator/closing.js";
import { ModelSimulator } from "../../../src/simulator/model-simulator.js";
import { eventually } from "../../support/eventually.js";
import { startedEngine } from "../../support/started-engine.js";
import { WorkerProcess } from "../../support/worker-process.js";

const FAST = { tokensPerSecond: 20_000, batchTokensPerSecond: 2_000_000, firstTokenMs: 0, stepMs: 1 };

/** A simulated model of a kind that has loaded. */
async function loaded(name: string, closing?: Closing) {
  const kind = simKind(name);
  if (kind === undefined) throw new Error(`expected a kind ${name}`);
  const model = new ModelSimulator(await kind.model(FAST), { loadSeconds: 0, ...(closing && { closing }) });
  onTestFinished(() => model.stop());
  const url = await model.start();
  await eventually(() => expect(model.state).toBe("ready"));
  return { url, kind };
}

/** A connection to the model, over which requests are sent one after the other. */
async function connection(url: string) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).setEncoding("latin1");
  onTestFinished(() => void socket.destroy());
  let text = "";
  socket.on("data", (piece: string) => {
    text += piece;
  });
  const ended = once(socket, "end").then(() => performance.now());
  await once(socket, "connect");
  const ask = async (stream: boolean): Promise<string> => {
    text = "";
    const body = JSON.stringify({ prompt: "Hello", max_tokens: 3, stream });
    socket.write(`POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    await eventually(() => expect(text).toMatch(stream ? /\r\n0\r\n\r\n$/ : /\}$/), { intervalMs: 1 });
    return text.slice(0, text.indexOf("\r\n\r\n")).toLowerCase();
  };
  return { ask, ended, isEnded: () => socket.readableEnded };
}

describe("a simulated server closes connections as", () => {
  test("cpp-httplib: announced after 100 requests, and after a stream unannounced", async () => {
    const { url } = await loaded("llama-cpp");
    const streamed = await connection(url);
    expect(await streamed.ask(true)).toContain("keep-alive: timeout=5, max=100");
    await streamed.ended;
    const plain = await connection(url);
    for (let n = 1; n < 100; n++) expect(await plain.ask(false)).toContain("keep-alive: timeout=5, max=100");
    expect(plain.isEnded()).toBe(false);
    expect(await plain.ask(false)).toContain("connection: close");
    await plain.ended;
  });

  test.each(["uvicorn", "aiohttp", "hyper"] as const)(
    "%s: neither after a stream nor after 100 requests, and nothing is announced",
    async (closing) => {
      const { url } = await loaded("vllm", closing);
      const { ask, isEnded } = await connection(url);
      for (let n = 0; n < 102; n++)
        expect(await ask(n % 2 === 0)).not.toMatch(/^(?:keep-alive|connection):/m);
      expect(isEnded()).toBe(false);
    },
  );

  test("uvicorn: after 5 s without a request", async () => {
    const { url } = await loaded("sglang");
    const { ask, ended } = await connection(url);
    await ask(false);
    const since = performance.now();
    expect((await ended) - since).toBeGreaterThan(4500);
  });
});

const LANGUAGE = ["/v1/completions", { prompt: "Hello", max_tokens: 5 }] as const;
const TGI = { inputs: "Hello", parameters: { max_new_tokens: 5 } };

const PICTURE = {
  input: {
    modifier: "Text2Image",
    modifications: { prompt: "a hill", width: 64, height: 64, steps: 1, seed: 1 },
  },
};

/** Requests for a plain and for a streamed answer. */
const REQUESTS: Readonly<Record<string, readonly (readonly [route: string, payload: object])[]>> = {
  vllm: [LANGUAGE, [LANGUAGE[0], { ...LANGUAGE[1], stream: true }]],
  sglang: [LANGUAGE, [LANGUAGE[0], { ...LANGUAGE[1], stream: true }]],
  "llama-cpp": [LANGUAGE, [LANGUAGE[0], { ...LANGUAGE[1], stream: true }]],
  tgi: [
    ["/generate", TGI],
    ["/generate_stream", TGI],
  ],
  comfyui: [
    ["/generate/sync", PICTURE],
    ["/generate/stream", PICTURE],
  ],
  "hello-world": [
    ["/generate", { prompt: "Hello" }],
    ["/generate_stream", { prompt: "Hello" }],
  ],
};

/** A worker that is ready, and a client of it. */
async function served(modelServerUrl: string, routes: readonly string[]) {
  const engine = await startedEngine();
  const directory = await mkdtemp(join(tmpdir(), "tsworker-closing-"));
  await writeFile(join(directory, ".has_benchmark"), "100000");
  const [first = "", ...others] = new Set(routes);
  const handler = { allowParallelRequests: true, maxQueueTime: null };
  const worker = await WorkerProcess.start({
    engineUrl: engine.url,
    directory,
    config: {
      modelServerUrl,
      modelHealthcheckUrl: "/health",
      handlers: [
        { ...handler, route: first, benchmarkConfig: { dataset: [{}], runs: 1, concurrency: 1 } },
        ...others.map((route) => ({ ...handler, route })),
      ],
    },
  });
  onTestFinished(async () => {
    await worker.kill();
    await rm(directory, { recursive: true, force: true });
  });
  await worker.reaches("ready");
  await eventually(() => engine.workers.some(({ state }) => state === "idle"));
  return new Serverless({ apiKey: "key", engineUrl: engine.url }).endpoint("endpoint");
}

/** Eight clients, each of which sends one request after the other. @returns how often each status came. */
async function closedLoop(
  endpoint: Awaited<ReturnType<typeof served>>,
  requests: readonly (readonly [string, object])[],
) {
  const statuses: Record<string, number> = {};
  const client = async (): Promise<void> => {
    for (let n = 0; n < 40; n++) {
      const [route, payload] = requests[n % requests.length] ?? ["", {}];
      const { status, response } = await endpoint.request(route, { ...payload }, { retry: false, cost: 1 });
      await response.text();
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 8 }, client));
  return statuses;
}

/** Kinds with which there is a loop of streams alone, too: one for each way of closing but aiohttp's. */
const STREAMED_ALONE = ["vllm", "llama-cpp", "tgi"];

describe("a worker loses no request of a closed loop of plain and streamed answers, nor of streams alone,", () => {
  test.each(Object.entries(REQUESTS))("to %s", { timeout: 60_000 }, async (name, requests) => {
    const { url } = await loaded(name);
    const endpoint = await served(
      url,
      requests.map(([route]) => route),
    );
    expect(await closedLoop(endpoint, requests)).toEqual({ 200: 320 });
    if (!STREAMED_ALONE.includes(name)) return;
    expect(await closedLoop(endpoint, requests.slice(1))).toEqual({ 200: 320 });
  });

  test("to one that closes as aiohttp", { timeout: 60_000 }, async () => {
    const { url } = await loaded("vllm", "aiohttp");
    const endpoint = await served(url, [LANGUAGE[0]]);
    expect(await closedLoop(endpoint, REQUESTS.vllm?.slice(1) ?? [])).toEqual({ 200: 320 });
  });

  test("with which every way of closing is covered", async () => {
    const models = await Promise.all(STREAMED_ALONE.map((name) => simKind(name)?.model({})));
    expect(new Set([...models.map((model) => model?.closing), "aiohttp"])).toEqual(new Set(CLOSINGS));
  });
});
