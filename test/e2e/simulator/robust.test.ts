import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { SIM_KINDS, simKind } from "../../../src/cli/sim/sim-kinds.js";
import { random } from "../../../src/shared/random.js";
import { ModelSimulator } from "../../../src/simulator/model-simulator.js";
import type { SimulatorOptions } from "../../../src/simulator/simulator-options.js";
import { eventually } from "../../support/eventually.js";

const NAMES = SIM_KINDS.map(({ name }) => name);

/** A simulated server of a kind that has loaded. */
async function ready(name: string, model: object = {}, options: SimulatorOptions = {}) {
  const kind = simKind(name);
  if (!kind) throw new Error(`expected a kind ${name}`);
  const simulator = new ModelSimulator(await kind.model(model), { loadSeconds: 0, ...options });
  onTestFinished(() => simulator.stop());
  const url = await simulator.start();
  await eventually(() => expect(simulator.state).toBe("ready"));
  return { kind, simulator, url };
}

/** Writes bytes to a server. @returns what it sends until it closes, or the client has waited for a while. */
function say(url: string, bytes: string | Buffer): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(bytes));
  let answer = "";
  socket.on("error", () => {});
  socket.on("data", (piece) => {
    answer += piece.toString("latin1");
  });
  socket.setTimeout(300, () => socket.destroy());
  return new Promise((resolve) => socket.once("close", () => resolve(answer)));
}

const post = (url: string, body: string | Buffer, init: RequestInit = {}): Promise<Response> =>
  fetch(url, { method: "POST", body: typeof body === "string" ? body : new Uint8Array(body), ...init });

const statusOf = (answer: Promise<Response>): Promise<number | undefined> =>
  answer.then(
    async (response) => {
      await response.text();
      return response.status;
    },
    () => undefined,
  );

const GARBAGE = [
  "",
  "{",
  "null",
  "[]",
  "7",
  '"text"',
  "{}",
  '{"prompt": {}, "inputs": [], "input": {"workflow_json": 7}, "epochs": "many", "messages": [null]}',
  '{"__proto__": {"prompt": "x"}, "constructor": 1}',
  `${"[".repeat(50_000)}${"]".repeat(50_000)}`,
  "\0\xff".repeat(1000),
];

/** Statuses of refusals, where they are others than usual. llama.cpp answers what is not JSON with 500. */
const REFUSALS: Readonly<Record<string, readonly number[]>> = { "llama-cpp": [400, 500, 501] };

describe.each(NAMES)("a simulated %s", (name) => {
  test("refuses garbage on each of its routes, and continues", async () => {
    const { kind, simulator, url } = await ready(name);
    const routes = [...(await kind.model({})).routes].filter(([, { method }]) => method === "POST");
    let sent = 0;
    for (const [route] of routes) {
      for (const body of GARBAGE) {
        const answer = await post(`${url}${route}`, body);
        sent += 1;
        // `{}` is valid where every field may be left out.
        if (answer.status !== 200) {
          expect(REFUSALS[name] ?? [400, 404, 422], `${route} ${body.slice(0, 80)}`).toContain(answer.status);
        }
        expect(await answer.json()).toBeTypeOf("object");
      }
    }
    const { requests, completed, refused } = simulator.stats;
    expect({ requests, sum: completed + refused }).toEqual({ requests: completed, sum: sent });
  });

  test("outlives requests that are none", async () => {
    const { simulator, url } = await ready(name);
    const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    const paths = ["//", "http://[", "*", "/%", "/../..", "/history/%ff"];
    const asking = paths.map(async (path) => {
      expect(await say(url, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`), path).toMatch(/^HTTP\/1\.1 [245]/);
      await say(url, `GET ${path} HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`);
    });
    await Promise.all(asking);
    await say(url, "\x16\x03\x01 not HTTP at all");
    expect(simulator.state).toBe("ready");
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });

  test("counts each request once while a hundred clients come and leave as they like", async () => {
    const { kind, simulator, url } = await ready(name, { stepMs: 1, maxConcurrency: 8, firstTokenMs: 5 });
    const { route, payload } = kind.sample;
    const numbers = random(7);
    const taken = (): number => simulator.stats.requests + simulator.stats.refused;
    const clients = Array.from({ length: 100 }, () => {
      const leave = new AbortController();
      const { signal } = leave;
      return { leave, over: statusOf(post(`${url}${route}`, JSON.stringify(payload), { signal })) };
    });
    await eventually(() => expect(taken()).toBeGreaterThan(0));
    for (const { leave } of clients) setTimeout(() => leave.abort(), 400 * numbers());
    await Promise.all(clients.map(({ over }) => over));
    await eventually(() => expect(simulator.stats).toMatchObject({ running: 0, waiting: 0 }));
    const { requests, completed, cancelled } = simulator.stats;
    expect(completed + cancelled).toBe(requests);
    // A client may leave before its request has come whole.
    expect(taken()).toBeLessThanOrEqual(100);
    await simulator.stop();
    expect(simulator.state).toBe("stopped");
  });

  test("is restarted, crashes and stops under load, and no work is left running", async () => {
    const { kind, simulator, url } = await ready(name, {
      stepMs: 20,
      batchesPerSecond: 50,
      firstTokenMs: 50,
    });
    const { route, payload } = kind.sample;
    const load = () =>
      Promise.all(
        Array.from({ length: 20 }, () => statusOf(post(`${url}${route}`, JSON.stringify(payload)))),
      );
    for (const end of ["restart", "crash", "stop"] as const) {
      const taken = (): number => simulator.stats.requests + simulator.stats.refused;
      const before = taken();
      const answers = load();
      await eventually(() => expect(taken()).toBe(before + 20));
      await simulator[end]();
      await answers;
      await eventually(() => expect(simulator.stats).toMatchObject({ running: 0, waiting: 0 }));
      const { produced } = simulator.stats;
      await sleep(150);
      expect(simulator.stats.produced).toBe(produced);
      if (end === "crash") simulator.restart();
      if (end !== "stop") await eventually(() => expect(simulator.state).toBe("ready"));
    }
    const { requests, completed, cancelled } = simulator.stats;
    expect(completed + cancelled).toBe(requests);
    expect(simulator.state).toBe("stopped");
  });
});

describe("a simulated server", () => {
  test("does not count an upload that is broken off", async () => {
    const log: string[] = [];
    const { simulator, url } = await ready("vllm", {}, { onLogLine: (line) => log.push(line) });
    const head = "POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n";
    await say(url, `${head}{"prompt": "x`);
    expect(simulator.stats).toMatchObject({ requests: 0, running: 0, refused: 0, cancelled: 0 });
    expect(await statusOf(post(`${url}/v1/completions`, '{"prompt": "x"}'))).toBe(200);
    expect(log.join("\n")).not.toContain("failed");
  });

  test("answers what it cannot handle with 500, and logs it", async () => {
    const log: string[] = [];
    const { simulator, url } = await ready("comfyui", {}, { onLogLine: (line) => log.push(line) });
    // Each node needs the next one: too deep for anybody.
    const chain = Array.from({ length: 20_000 }, (_, at) => [
      String(at),
      { class_type: at === 0 ? "SaveImage" : "VAEDecode", inputs: { samples: [String(at + 1), 0] } },
    ]);
    const body = JSON.stringify({ input: { workflow_json: Object.fromEntries(chain) } });
    const answer = await post(`${url}/generate/sync`, body);
    expect([answer.status, await answer.json()]).toEqual([
      500,
      { detail: expect.stringContaining("call stack") },
    ]);
    expect(log.join("\n")).toContain("the simulated server failed: Maximum call stack");
    expect(simulator.stats).toMatchObject({ requests: 0, refused: 1 });
  });

  test("takes nothing that every object has for a kind of node", async () => {
    const { url } = await ready("comfyui");
    const workflow_json = {
      constructor: { class_type: "constructor", inputs: {} },
      1: { class_type: "SaveImage", inputs: { images: ["constructor", 0] } },
    };
    const answer = await post(`${url}/generate/sync`, JSON.stringify({ input: { workflow_json } }));
    expect(await answer.text()).toContain("node constructor does not exist");
  });

  test("stops making pictures for a client that has disconnected", async () => {
    const { simulator, url } = await ready("comfyui", { stepMs: 0 });
    const ask = (side: number, batch_size: number, signal?: AbortSignal) => {
      const links = { model: ["4", 0], positive: ["6", 0], negative: ["6", 0], latent_image: ["5", 0] };
      const sampling = { seed: 1, steps: 1, cfg: 8, sampler_name: "euler", scheduler: "normal", denoise: 1 };
      const workflow_json = {
        3: { class_type: "KSampler", inputs: { ...sampling, ...links } },
        4: {
          class_type: "CheckpointLoaderSimple",
          inputs: { ckpt_name: "v1-5-pruned-emaonly-fp16.safetensors" },
        },
        5: { class_type: "EmptyLatentImage", inputs: { width: side, height: side, batch_size } },
        6: { class_type: "CLIPTextEncode", inputs: { text: "x", clip: ["4", 1] } },
        8: { class_type: "VAEDecode", inputs: { samples: ["3", 0], vae: ["4", 2] } },
        9: { class_type: "SaveImage", inputs: { filename_prefix: "image", images: ["8", 0] } },
      };
      const body = JSON.stringify({ input: { workflow_json } });
      return statusOf(post(`${url}/generate/sync`, body, signal ? { signal } : {}));
    };
    const leave = new AbortController();
    // Half a minute of pictures.
    const large = ask(2048, 64, leave.signal);
    await eventually(() => expect(simulator.stats).toMatchObject({ running: 1, produced: 1 }));
    leave.abort();
    await large;
    await eventually(() => expect(simulator.stats).toMatchObject({ running: 0, cancelled: 1 }));
    expect(await ask(16, 1)).toBe(200);
  });

  test("outlives WebSocket clients that send what are no frames", async () => {
    const { simulator, url } = await ready("comfyui");
    const head =
      "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    const answer = await say(url, Buffer.concat([Buffer.from(head), Buffer.alloc(64, 0xff)]));
    expect(answer).toContain("101 Switching Protocols");
    expect(simulator.state).toBe("ready");
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });

  test("continues where its log cannot be written any more, and reports it once", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tsworker-model-"));
    const log: string[] = [];
    const onLogLine = (line: string) => log.push(line);
    const { url } = await ready("vllm", {}, { logFile: join(folder, "model.log"), onLogLine });
    await rm(folder, { recursive: true });
    for (let sent = 0; sent < 3; sent += 1) {
      expect(await statusOf(post(`${url}/v1/completions`, '{"prompt": "x"}'))).toBe(200);
    }
    expect(log.filter((line) => line.includes("cannot write the model's log any more"))).toHaveLength(1);
  });

  test("starts once, however often start is called, and may be stopped meanwhile", async () => {
    const { simulator, url } = await ready("vllm");
    expect(await Promise.all([simulator.start(), simulator.start()])).toEqual([url, url]);
    await simulator.stop();
    const again = simulator.start();
    await simulator.stop();
    expect(await again).toBe(url);
    expect(simulator.state).toBe("stopped");
    await expect(fetch(`${url}/health`)).rejects.toThrow();
  });

  test("that has been stopped does not crash, and one that has crashed does so once", async () => {
    const log: string[] = [];
    const { simulator } = await ready("vllm", {}, { onLogLine: (line) => log.push(line) });
    simulator.crash();
    simulator.crash();
    expect(log.filter((line) => line.startsWith("RuntimeError: Engine"))).toHaveLength(1);
    await simulator.stop();
    simulator.crash();
    expect(simulator.state).toBe("stopped");
  });

  test("does not die of a refusal, where it is to die in the middle of an answer", async () => {
    const { simulator, url } = await ready("vllm", {}, { fail: "crash-in-answer" });
    expect(await statusOf(post(`${url}/v1/completions`, "{}"))).toBe(400);
    expect(await statusOf(post(`${url}/v1/completions`, '{"prompt": "x"}'))).toBeUndefined();
    await eventually(() => expect(simulator.state).toBe("crashed"));
  });

  test("counts requests for work only, whichever clients disconnect", async () => {
    const { simulator, url } = await ready("comfyui");
    await fetch(`${url}/object_info`);
    await say(url, "GET /object_info HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(simulator.stats).toMatchObject({ requests: 0, completed: 0, cancelled: 0, refused: 0 });
  });
});
