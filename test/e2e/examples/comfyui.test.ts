import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { readWorkflow } from "../../../examples/comfy/workflow.js";
import { PROMPTS } from "../../../examples/comfyui/benchmark.js";
import { close, httpUrl, listen } from "../../../src/shared/listen.js";
import type { Payload } from "../../../src/shared/wire.js";
import { decodedPng } from "../../support/decoded-png.js";
import { eventually } from "../../support/eventually.js";
import { ExampleFixture, type ExampleFixtureOptions } from "../../support/example-fixture.js";
import { root } from "../../unit/support/documents.js";

interface Result {
  readonly status: string;
  readonly output: readonly {
    readonly filename: string;
    readonly data?: string;
    readonly mimetype?: string;
    readonly url?: string;
  }[];
}

const SMALL = { prompt: "a red kite", width: 64, height: 48, steps: 3, seed: 1 };
const picture = { modifier: "Text2Image", modifications: SMALL };
const videoWorkflow = readWorkflow(new URL(`file://${root("examples/wan/workflow.json")}`));

/** A capacity with which no request waits for too long. */
const ENOUGH = { capacity: 1_000_000 };

/** A worker that is ready; it finds a capacity, so that the first picture is the test's own. */
const ready = (options: ExampleFixtureOptions = {}): Promise<ExampleFixture> =>
  ExampleFixture.readyForTest("comfyui", { ...ENOUGH, ...options });

/** Workload of all requests that the worker has taken. */
async function received({ localUrl }: ExampleFixture): Promise<number> {
  const text = await (await fetch(`${localUrl}/metrics`)).text();
  return Number(/^tsworker_workload_received_total\S* (\S+)$/m.exec(text)?.[1]);
}

/** Sends one request, once. */
const ask = (fixture: ExampleFixture, payload: Payload, route = "/generate/sync") =>
  fixture.endpoint.request(route, payload, { retry: false });

/** Sends what the simulated ComfyUI shall have done without the worker. */
const callModel = (fixture: ExampleFixture, input: object): Promise<Response> =>
  fetch(`${fixture.modelUrl}/generate/sync`, { method: "POST", body: JSON.stringify({ input }) });

let fixture: ExampleFixture;
beforeAll(async () => {
  fixture = await ExampleFixture.ready("comfyui", ENOUGH);
});
afterAll(() => fixture?.stop());

test("the client shows the progress, and writes a real picture into a file", async () => {
  const output = await fixture.client("a kite above the dunes");
  expect(output).toMatch(
    /^painting: a kite above the dunes\nstep +1 of 20 .*\n(step .*\n)*step +20 of 20 +█+\nsaved /,
  );
  const [, file = ""] = /saved (\S+) /.exec(output) ?? [];
  const [name = ""] = /image_\d{5}_\.png$/.exec(file) ?? [];
  expect(file).toBe(join(fixture.folder, name));
  const { width, height, texts } = decodedPng(await readFile(file));
  expect([width, height]).toEqual([512, 512]);
  expect(JSON.parse(texts.prompt ?? "")[6].inputs.text).toBe("a kite above the dunes");
  // Byte for byte what ComfyUI has.
  const there = await fetch(`${fixture.modelUrl}/view?filename=${name}`);
  expect(Buffer.from(await there.arrayBuffer())).toEqual(await readFile(file));
});

test("the answer has the bytes of the picture, which clients cannot get otherwise", async () => {
  const ended = fixture.endings();
  const answer = await ask(fixture, { input: picture });
  expect(answer.status).toBe(200);
  const { status, output } = await answer.json<Result>();
  expect(status).toBe("completed");
  const filename = expect.stringMatching(/^image_\d{5}_\.png$/);
  expect(output).toMatchObject([{ filename, mimetype: "image/png" }]);
  expect(decodedPng(Buffer.from(output[0]?.data ?? "", "base64"))).toMatchObject({ width: 64, height: 48 });
  await eventually(() => expect(ended()).toEqual({ Success: 1, Error: 0, Cancelled: 0, Rejected: 0 }));
});

test("a file that was uploaded comes as its address, without its bytes", async () => {
  const stored: number[] = [];
  const store = createServer((request, response) => {
    let length = 0;
    request.on("data", (piece: Buffer) => {
      length += piece.length;
    });
    request.on("end", () => {
      stored.push(length);
      response.end();
    });
  });
  const endpoint_url = httpUrl("127.0.0.1", await listen(store, "127.0.0.1", 0));
  onTestFinished(() => close(store));
  const s3 = { access_key_id: "id", secret_access_key: "secret", bucket_name: "pictures", endpoint_url };
  const answer = await ask(fixture, { input: { ...picture, request_id: "mine", s3 } });
  const { output } = await answer.json<Result>();
  const { filename } = output[0] ?? {};
  expect(filename).toMatch(/^image_\d{5}_\.png$/);
  expect(output[0]?.url).toBe(`${endpoint_url}/pictures/mine/${filename}`);
  expect(output[0]).not.toHaveProperty("data");
  expect(stored).toEqual([expect.any(Number)]);
});

test("a worker that cannot find ComfyUI's files names the variable to set", async () => {
  const fixture = await ready({ env: { COMFYUI_URL: "http://127.0.0.1:1" } });
  const { output } = await (await ask(fixture, { input: picture })).json<Result>();
  expect(output).toMatchObject([{ error: "ComfyUI is at none of its addresses: set COMFYUI_URL" }]);
});

test("both routes together do one request after the other, in order", async () => {
  const fixture = await ready({ sim: ["--step-ms", "100"] });
  const ended: number[] = [];
  const all = [];
  for (const [number, route] of ["/generate/sync", "/generate/stream", "/generate/sync"].entries()) {
    all.push(
      ask(fixture, { input: picture }, route)
        .then((answer) => answer.text())
        .then(() => ended.push(number)),
    );
    await eventually(async () => expect(await received(fixture)).toBe(100 * (number + 1)));
  }
  await Promise.all(all);
  expect(ended).toEqual([0, 1, 2]);
  const text = await fixture.modelLog();
  const marks = [...text.matchAll(/Submitted job|Processed 1 output files/g)].map(([mark]) => mark);
  expect(marks).toEqual(
    Array.from({ length: 3 }, () => ["Submitted job", "Processed 1 output files"]).flat(),
  );
});

test("the benchmark paints some of its prompts, 512 × 512 in 20 steps", async () => {
  expect(new Set(PROMPTS).size).toBe(11);
  const fixture = await ExampleFixture.readyForTest("comfyui");
  const rounds = fixture.lines.filter(({ msg }) => msg === "benchmark round");
  expect(rounds).toHaveLength(3);
  expect(rounds[0]).toMatchObject({ requests: 1, successes: 1 });
  const answer = await fetch(`${fixture.modelUrl}/view?filename=image_00001_.png`);
  const { width, height, texts } = decodedPng(Buffer.from(await answer.arrayBuffer()));
  expect([width, height]).toEqual([512, 512]);
  const workflow = JSON.parse(texts.prompt ?? "");
  expect(PROMPTS).toContain(workflow[6].inputs.text);
  expect(workflow[3].inputs).toMatchObject({ steps: 20, seed: expect.any(Number) });
});

describe("what is sent wrongly is refused with what to do about it", () => {
  const nodes = { ...videoWorkflow };
  const workflow = (changes: object) => ({ input: { workflow_json: { ...nodes, ...changes } } });
  const modifications = (changes: object) => ({
    input: { ...picture, modifications: { ...SMALL, ...changes } },
  });
  const s3 = { access_key_id: "id", endpoint_url: "s3.example.com" };
  const cases: readonly (readonly [string, Payload, Readonly<Record<string, RegExp>>])[] = [
    ["no input", { prompt: "a kite" }, { input: /the request belongs into it, as in \{"input"/ }],
    ["an empty input", { input: {} }, { "input.workflow_json": /give it, or a modifier/ }],
    [
      "a modifier and a workflow",
      { input: { ...picture, workflow_json: nodes } },
      { "input.modifier": /leave one of the two out/ },
    ],
    [
      "an empty prompt",
      modifications({ prompt: "" }),
      { "input.modifications.prompt": /must be a text such as/ },
    ],
    [
      "sizes that are no multiples of 8",
      modifications({ width: 500, height: 513 }),
      {
        "input.modifications.width": /multiple of 8, such as 496 or 504, got 500/,
        "input.modifications.height": /such as 512 or 520/,
      },
    ],
    [
      "no steps, and a seed below 0",
      modifications({ steps: 0, seed: -1 }),
      { "input.modifications.steps": /from 1/, "input.modifications.seed": /__RANDOM_INT__/ },
    ],
    [
      "modifications as a text",
      { input: { modifier: "Text2Image", modifications: "a kite" } },
      { "input.modifications": /must be an object/ },
    ],
    [
      "a checkpoint that is not there",
      modifications({ ckpt_name: "my.ckpt" }),
      { "input.modifications.ckpt_name": /there is no "my\.ckpt" here; there are: .*v1-5-pruned/ },
    ],
    [
      "a workflow in the editor's format",
      { input: { workflow_json: { last_node_id: 9, nodes: [], links: [], version: 0.4 } } },
      { "input.workflow_json": /format of the editor.*Export \(API\)/ },
    ],
    ["a workflow as a text", { input: { workflow_json: "{}x" } }, { "input.workflow_json": /not its text/ }],
    [
      "a workflow as /prompt of ComfyUI takes it",
      { input: { workflow_json: { client_id: "x", prompt: nodes } } },
      { "input.workflow_json": /under "prompt"/ },
    ],
    [
      "a node without a class",
      workflow({ extra: { inputs: {} } }),
      { "input.workflow_json.extra": /no class_type/ },
    ],
    [
      "an unknown node",
      workflow({ extra: { class_type: "MagicSampler", inputs: {} } }),
      { "input.workflow_json.extra.class_type": /no node MagicSampler here: install its custom node/ },
    ],
    [
      "a link to nowhere, and a size that does not fit",
      workflow({
        pictures: { class_type: "VAEDecode", inputs: { samples: ["gone", 0], vae: ["vae", 0] } },
        frames: {
          class_type: "EmptyHunyuanLatentVideo",
          inputs: { width: 644, height: 640, length: 81, batch_size: 1 },
        },
      }),
      {
        "input.workflow_json.pictures.inputs.samples": /linked to node gone/,
        "input.workflow_json.frames.inputs.width": /such as 640 or 648/,
      },
    ],
    [
      "s3 with missing keys",
      { input: { ...picture, s3 } },
      {
        "input.s3.secret_access_key": /is missing/,
        "input.s3.bucket_name": /is missing/,
        "input.s3.endpoint_url": /http/,
      },
    ],
    ["a webhook without an address", { input: { ...picture, webhook: {} } }, { "input.webhook.url": /http/ }],
    [
      "a request id that would be read as something else in the log",
      { input: { ...picture, request_id: "BACKEND_UNRECOVERABLE" } },
      { "input.request_id": /UUID/ },
    ],
  ];

  test("by field", async () => {
    // The worker has the list once ComfyUI has sent it.
    await eventually(async () => {
      const answer = await ask(fixture, modifications({ ckpt_name: "my.ckpt" }));
      expect(await answer.json()).toHaveProperty("payload");
    });
    for (const [at, [name, payload, expected]] of cases.entries()) {
      const answer = await ask(fixture, payload, at % 2 === 0 ? "/generate/sync" : "/generate/stream");
      const { payload: reported } = await answer.json<{
        readonly payload: Readonly<Record<string, string>>;
      }>();
      expect([name, answer.status, Object.keys(reported).sort()]).toEqual([
        name,
        422,
        Object.keys(expected).sort(),
      ]);
      for (const [field, words] of Object.entries(expected)) expect(reported[field], name).toMatch(words);
    }
    expect(fixture.states.at(-1)).toBe("ready");
  });

  test("also where only ComfyUI detects it: the client does not try again", async () => {
    const { file: _, ...rest } = nodes;
    const answer = await ask(fixture, { input: { workflow_json: rest } });
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({
      status: "failed",
      message: expect.stringContaining("no outputs"),
    });
  });
});

describe("a model that ComfyUI does not have", () => {
  test("does not harm a worker of an older image, where the request bypassed the worker", async () => {
    const fixture = await ready({ sim: ["--image", "older"] });
    const before = fixture.states.length;
    const bad = { ...picture, modifications: { ...SMALL, ckpt_name: "my.ckpt" } };
    expect((await callModel(fixture, bad)).status).toBe(500);
    await eventually(async () => expect(await fixture.modelLog()).toContain("Value not in list: "));
    const { output } = await (
      await fixture.endpoint.request("/generate/sync", { input: picture })
    ).json<Result>();
    expect(output[0]?.mimetype).toBe("image/png");
    expect(fixture.states).toHaveLength(before);
  });
});

describe("a ComfyUI that fails", () => {
  test.each([
    ["startup", "Application startup failed"],
    ["backends", "BACKENDS_READY_TIMEOUT"],
  ])("while it loads, with %s, is reported to the engine", async (error, message) => {
    const fail = ["--fail", "out-of-memory", "--load-error", error, "--restart-seconds", "8"];
    const fixture = await ExampleFixture.forTest("comfyui", { ...ENOUGH, sim: fail, isModelLast: true });
    await fixture.hasReached("errored");
    await eventually(() =>
      expect(fixture.engine.reports.some(({ error_msg }) => error_msg.includes(message))).toBe(true),
    );
    // It is started again, and so is the worker ready after all.
    await fixture.hasReached("ready");
  });

  test("in the middle of an answer fails the request, which the client sends again", async () => {
    // Long enough for a worker that is slow to look.
    const fixture = await ready({ sim: ["--fail", "crash-in-answer", "--restart-seconds", "4"] });
    const answer = await fixture.endpoint.request("/generate/sync", { input: picture });
    const { output } = await answer.json<Result>();
    expect(output[0]?.mimetype).toBe("image/png");
    await fixture.hasReached("errored");
    expect(await fixture.modelLog()).toContain("BACKEND_UNRECOVERABLE");
  });

  test("to write that it is ready is found out by its health", async () => {
    const fixture = await ready({ sim: ["--fail", "no-ready-line"] });
    expect(await fixture.modelLog()).not.toContain("BACKENDS_READY");
    expect((await ask(fixture, { input: picture })).status).toBe(200);
  });

  test("to come up leaves the worker loading", async () => {
    const fixture = await ExampleFixture.forTest("comfyui", { sim: ["--fail", "never-ready"] });
    await fixture.hasReached("loading");
    await eventually(async () => expect(await fixture.modelLog()).toContain("Downloading"));
    expect(fixture.states).toEqual(["loading"]);
  });
});
