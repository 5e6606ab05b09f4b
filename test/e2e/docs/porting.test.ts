import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Endpoint, Serverless } from "../../../src/client/index.js";
import { Engine } from "../../../src/engine/index.js";
import { ENGINE_KEY } from "../../support/engine-key.js";
import { eventually } from "../../support/eventually.js";
import { freeNeighbours, freePort } from "../../support/free-port.js";
import { plain, RawModel } from "../../support/raw-model.js";
import { ReadmeFixture } from "../../support/readme-fixture.js";
import { snippetsOf, textOf } from "../../unit/support/documents.js";

const page = await textOf("docs/porting.md");

/** The program below a heading of the page. */
const programOf = (heading: string): string => {
  const start = page.indexOf(`### ${heading}\n`);
  expect(start, heading).toBeGreaterThan(0);
  return snippetsOf(page.slice(start), "ts")[0] ?? "";
};

/** Of a simulated vLLM. */
const MODEL = "simulated/llm-8b";

let fixture: ReadmeFixture;
beforeAll(async () => {
  fixture = await ReadmeFixture.create();
});
afterAll(() => fixture.close());

interface Ported {
  readonly endpoint: Endpoint;
  readonly url: string;
  readonly output: () => string;
  readonly totals: () => Engine["totals"];
}

/** Runs a program of the page until it is ready, with the ports and paths of the test. */
async function ported(
  name: string,
  program: string,
  replaced: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Ported> {
  const engine = new Engine({
    endpoint: name,
    apiKey: "key",
    privateKey: ENGINE_KEY,
    port: await freePort(),
  });
  await engine.start();
  onTestFinished(() => engine.stop());
  const text = Object.entries(replaced).reduce((all, [from, to]) => all.replaceAll(from, to), program);
  const file = join(fixture.folder, `${name}.ts`);
  await writeFile(file, text);
  const port = await freeNeighbours();
  const variables = Object.entries({
    WORKER_PORT: port,
    PUBLIC_IPADDR: "127.0.0.1",
    [`VAST_TCP_PORT_${port}`]: port,
    CONTAINER_ID: 7,
    REPORT_ADDR: engine.url,
    BENCHMARK_FILE: `.benchmark-${name}`,
    ...env,
  }).map(([variable, value]) => `${variable}='${value}'`);
  const output = fixture.start(`${variables.join(" ")} exec npx tsworker run ${name}.ts`);
  await eventually(
    () => {
      if (!output().includes('"state":"ready"')) throw new Error(output());
    },
    { timeoutMs: 90_000 },
  );
  return {
    endpoint: new Serverless({ apiKey: "key", engineUrl: engine.url }).endpoint(name),
    url: `http://127.0.0.1:${port}`,
    output,
    totals: () => engine.totals,
  };
}

/** Starts a simulated model server. @returns its port. */
async function simulated(kind: string, log: string, flags: string): Promise<string> {
  const port = String(await freePort());
  fixture.start(`exec npx tsworker sim ${kind} --port ${port} --log ${log} --load-seconds 0.1 ${flags}`);
  return port;
}

const ask = async ({ endpoint }: Ported, route: string, payload: Readonly<Record<string, unknown>>) => {
  const { status, response } = await endpoint.request(route, payload, { retry: false });
  return { status, body: (await response.json()) as unknown };
};

test("openai and vllm: completions, wrapped or not, an upload as a form, /ping", async () => {
  const log = join(fixture.folder, "vllm.log");
  const port = await simulated(
    "vllm",
    log,
    "--tokens-per-second 20000 --batch-tokens-per-second 2000000 --first-token-ms 0",
  );
  const worker = await ported(
    "vllm",
    programOf("`openai` and `vllm`"),
    { 18000: port },
    {
      MODEL_LOG: log,
      MODEL_NAME: MODEL,
    },
  );
  const completion = { model: MODEL, prompt: "hello", max_tokens: 4 };
  for (const payload of [completion, { input: completion }])
    expect(await ask(worker, "/v1/completions", payload)).toMatchObject({
      status: 200,
      body: { usage: { completion_tokens: 4 } },
    });
  const messages = [{ role: "user", content: "hello" }];
  expect(await ask(worker, "/v1/chat/completions", { model: MODEL, messages, max_tokens: 2 })).toMatchObject({
    status: 200,
  });
  const wav = Buffer.alloc(64_044).toString("base64");
  expect(await ask(worker, "/v1/audio/transcriptions", { file: wav, filename: "a.wav" })).toMatchObject({
    status: 200,
    body: { text: expect.any(String) },
  });
  const ping = await fetch(`${worker.url}/ping`);
  expect(await ping.text()).toBe("pong");
});

test("comfyui-json: ready when both answer, a picture, /view", async () => {
  const log = join(fixture.folder, "api-wrapper.log");
  const port = await simulated("comfyui", log, "--step-ms 1");
  const worker = await ported("comfyui-json", programOf("`comfyui-json`"), {
    18288: port,
    18188: port,
    "5000": "100",
    "/var/log/portal/api-wrapper.log": log,
  });
  const modifications = { prompt: "a cat", width: 64, height: 64, steps: 2, seed: 1 };
  const made = await ask(worker, "/generate/sync", { input: { modifier: "Text2Image", modifications } });
  expect(made).toMatchObject({ status: 200, body: { output: [{ filename: expect.any(String) }] } });
  const [{ filename = "" } = {}] = (made.body as { output: { filename: string }[] }).output;
  const view = await fetch(`${worker.url}/view?filename=${encodeURIComponent(filename)}`);
  expect(view.status).toBe(200);
});

test("null: a reservation that ends by itself, and one that ends with its client", async () => {
  const worker = await ported("null", programOf("`null`"));
  expect(worker.output()).toContain("Null pyworker active");
  expect(await ask(worker, "/reserve", { duration: 0.05 })).toEqual({
    status: 200,
    body: { result: { released: "duration_elapsed", duration: 0.05 } },
  });
  const leaving = new AbortController();
  const held = worker.endpoint
    .request("/reserve", { duration: "60" }, { retry: false, signal: leaving.signal })
    .catch(() => undefined);
  await eventually(() => expect(worker.totals().requestsReceived).toBe(2));
  leaving.abort();
  await held;
  await eventually(() => expect(worker.output()).toContain("Reservation released by client disconnect"));
});

test("comfyui with its classes: two routes to one path, expanded payloads, an answer made of files", async () => {
  const model = await RawModel.start();
  const image = join(fixture.folder, "image.png");
  const log = join(fixture.folder, "comfyui.log");
  const template = {
    input: { workflow_json: { "3": { steps: "{{STEPS}}", seed: "{{SEED}}" }, "6": { text: "{{PROMPT}}" } } },
    size: ["{{WIDTH}}", "{{HEIGHT}}"],
  };
  await writeFile(image, "png");
  await writeFile(log, "To see the GUI go to: http://127.0.0.1:18188\n");
  await writeFile(join(fixture.folder, "workflow.json"), JSON.stringify(template));
  model.on("/runsync", plain({ body: JSON.stringify({ output: { images: [{ local_path: image }] } }) }));
  try {
    const worker = await ported(
      "comfyui",
      programOf("`comfyui` with its classes"),
      { 38188: String(model.port) },
      { MODEL_LOG: log },
    );
    // A warm-up, and three rounds of a serial handler.
    expect(model.requests.map(({ path }) => path)).toEqual(Array.from({ length: 4 }, () => "/runsync"));
    const images = ["data:image/png;base64,cG5n"];
    const prompt = { prompt: 'say "$&"', width: 512, height: 768, steps: 5, seed: 9 };
    expect(await ask(worker, "/prompt", prompt)).toEqual({ status: 200, body: { images } });
    expect(JSON.parse(model.last.body.toString())).toEqual({
      input: { workflow_json: { "3": { steps: 5, seed: 9 }, "6": { text: 'say "$&"' } } },
      size: [512, 768],
    });
    const custom = { custom_fields: { steps: 5 }, workflow: { "1": {} } };
    expect(await ask(worker, "/custom-workflow", custom)).toEqual({ status: 200, body: { images } });
    expect(JSON.parse(model.last.body.toString())).toMatchObject({ input: { workflow_json: { "1": {} } } });
    expect(await ask(worker, "/prompt", { prompt: "a" })).toEqual({
      status: 422,
      body: {
        payload: Object.fromEntries(
          ["width", "height", "steps", "seed"].map((field) => [field, "missing parameter"]),
        ),
      },
    });
    expect(await (await fetch(`${worker.url}/ping`)).text()).toBe("pong");
    // A picture of 1024 × 1024 in 28 steps weighs 23 × 200.
    const tiles = (count: number): number => (85 + count * 175) * (0.61 * 5 + 6.57);
    const whole = (85 + 4 * 175) * (0.61 * 28 + 6.57);
    const weight = (4600 * (tiles(2) + tiles(4))) / whole;
    await eventually(() => expect(worker.totals().servedLoad).toBeCloseTo(weight, 3));
  } finally {
    await model.stop();
  }
});
