import { createServer } from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { sseData } from "../../../src/client/stream/stream-decoders.js";
import { close, httpUrl, listen } from "../../../src/shared/listen.js";
import { readBody } from "../../../src/shared/read-body.js";
import { ComfyModel, type ComfyModelOptions } from "../../../src/simulator/comfyui/comfy-model.js";
import { LOAD_ERRORS } from "../../../src/simulator/comfyui/load-error.js";
import { ModelSimulator } from "../../../src/simulator/model-simulator.js";
import type { SimulatorOptions } from "../../../src/simulator/simulator-options.js";
import { decodedPng } from "../../support/decoded-png.js";
import { eventually } from "../../support/eventually.js";

const SMALL = { prompt: "a red kite", width: 64, height: 48, steps: 3 };
const CHECKPOINT = "v1-5-pruned-emaonly-fp16.safetensors";

/** A workflow that the simulated server can do, with some of its nodes replaced. */
const workflowOf = (changes: Readonly<Record<string, unknown>> = {}) => ({
  loader: { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: CHECKPOINT } },
  text: { class_type: "CLIPTextEncode", inputs: { text: "a kite", clip: ["loader", 1] } },
  size: { class_type: "EmptyLatentImage", inputs: { width: 64, height: 64, batch_size: 1 } },
  sampler: {
    class_type: "KSampler",
    inputs: {
      ...{ seed: "__RANDOM_INT__", steps: 2, cfg: 7, sampler_name: "euler", scheduler: "normal", denoise: 1 },
      ...{ model: ["loader", 0], positive: ["text", 0], negative: ["text", 0], latent_image: ["size", 0] },
    },
  },
  decode: { class_type: "VAEDecode", inputs: { samples: ["sampler", 0], vae: ["loader", 2] } },
  save: { class_type: "SaveImage", inputs: { images: ["decode", 0], filename_prefix: "kites/red" } },
  ...changes,
});

async function started(options: ComfyModelOptions & SimulatorOptions = {}) {
  const lines: string[] = [];
  const onLogLine = (line: string): void => void lines.push(line);
  const model = new ModelSimulator(new ComfyModel({ stepMs: 1, ...options }), {
    loadSeconds: 0,
    onLogLine,
    ...options,
  });
  onTestFinished(() => model.stop());
  const url = await model.start();
  await eventually(() => model.state === "ready");
  return { model, url, lines };
}

const post = (
  url: string,
  input: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> =>
  fetch(`${url}/generate/sync`, { method: "POST", headers, body: JSON.stringify({ input }) });

/** The answer to a request that is done, with the files' names and places. */
async function generated(url: string, input: unknown) {
  const response = await post(url, input);
  expect(response.status).toBe(200);
  return (await response.json()) as {
    readonly id: string;
    readonly output: readonly { readonly filename: string; readonly subfolder: string }[];
  };
}

const picture = { modifier: "Text2Image", modifications: SMALL };

async function view(url: string, { filename, subfolder }: { filename: string; subfolder: string }) {
  const query = new URLSearchParams({ filename, subfolder, type: "output" });
  const response = await fetch(`${url}/view?${query}`);
  expect(response.status).toBe(200);
  return { type: response.headers.get("content-type"), bytes: Buffer.from(await response.arrayBuffer()) };
}

describe("/generate/sync", () => {
  test("answers a modifier as the wrapper does", async () => {
    const { url } = await started();
    const response = await post(url, { ...picture, request_id: "r-1" });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      id: "r-1",
      status: "completed",
      message: "Processing complete.",
      comfyui_response: {},
      output: [
        {
          filename: "image_00001_.png",
          local_path: "/workspace/ComfyUI/output/r-1/image_00001_.png",
          type: "output",
          subfolder: "",
          node_id: "9",
          output_type: "images",
        },
      ],
      timings: {
        preprocess_ms: expect.any(Number),
        generation_ms: expect.any(Number),
        postprocess_ms: expect.any(Number),
      },
    });
  });

  test("makes a real PNG of the requested size, and /view has its bytes", async () => {
    const { url } = await started();
    const { output } = await generated(url, picture);
    const { type, bytes } = await view(url, output[0] ?? { filename: "", subfolder: "" });
    expect(type).toBe("image/png");
    const { width, height, texts } = decodedPng(bytes);
    expect([width, height]).toEqual([64, 48]);
    expect(JSON.parse(texts.prompt ?? "")[6].inputs.text).toBe("a red kite");
  });

  test("does a workflow, names its files as the node does, and fills in random numbers", async () => {
    const { url } = await started();
    const [first, second] = [
      await generated(url, { workflow_json: workflowOf() }),
      await generated(url, { workflow_json: workflowOf() }),
    ];
    expect([first, second].map(({ output }) => output[0])).toMatchObject([
      { filename: "red_00001_.png", subfolder: "kites", node_id: "save" },
      { filename: "red_00002_.png", subfolder: "kites", node_id: "save" },
    ]);
    const seeds = await Promise.all(
      [first, second].map(async ({ output }) => {
        const { bytes } = await view(url, output[0] ?? { filename: "", subfolder: "" });
        return JSON.parse(decodedPng(bytes).texts.prompt ?? "").sampler.inputs.seed;
      }),
    );
    expect(seeds).toEqual([expect.any(Number), expect.any(Number)]);
    expect(seeds[0]).not.toBe(seeds[1]);
  });

  test("gives the same picture for the same workflow, and another one for another prompt", async () => {
    const { url } = await started();
    const bytesOf = async (prompt: string) => {
      const { output } = await generated(url, {
        modifier: "Text2Image",
        modifications: { ...SMALL, prompt, seed: 1 },
      });
      const { bytes } = await view(url, output[0] ?? { filename: "", subfolder: "" });
      return Buffer.from(decodedPng(bytes).pixels);
    };
    const first = await bytesOf("a kite");
    expect(await bytesOf("a kite")).toEqual(first);
    expect(await bytesOf("a boat")).not.toEqual(first);
  });

  test("puts the bytes into the answer where the client requests them", async () => {
    const { url } = await started();
    const { output } = await generated(url, { ...picture, return_outputs_as_base64: true });
    const [file] = output as readonly { readonly data?: string; readonly mimetype?: string }[];
    expect(file?.mimetype).toBe("image/png");
    expect(decodedPng(Buffer.from(file?.data ?? "", "base64")).width).toBe(64);
  });

  test("has what ComfyUI keeps of it where the client requests that, as /history has", async () => {
    const { url } = await started();
    const response = await post(url, picture, { "X-Include-ComfyUI-Response": "1" });
    const { comfyui_response: kept } = (await response.json()) as { readonly comfyui_response: object };
    const [[promptId = "", of] = []] = Object.entries(kept);
    expect(of).toMatchObject({
      outputs: { 9: { images: [{ filename: "image_00001_.png" }] } },
      status: { completed: true },
    });
    expect(await (await fetch(`${url}/history/${promptId}`)).json()).toEqual(kept);
    expect(await (await fetch(`${url}/history/none`)).json()).toEqual({});
  });

  test("does one workflow at a time, in the order of their arrival", async () => {
    const { model, url } = await started({ stepMs: 100 });
    const ended: number[] = [];
    const all = [];
    for (const number of [1, 2, 3]) {
      all.push(generated(url, picture).then(() => ended.push(number)));
      await eventually(() => expect(model.stats.requests).toBe(number));
    }
    expect(model.stats).toMatchObject({ running: 1, waiting: 2 });
    await Promise.all(all);
    expect(ended).toEqual([1, 2, 3]);
  });

  test("stops when its client goes away", async () => {
    const { model, url, lines } = await started({ stepMs: 10_000 });
    const client = new AbortController();
    const body = JSON.stringify({ input: picture });
    const answer = fetch(`${url}/generate/sync`, { method: "POST", body, signal: client.signal });
    answer.catch(() => {});
    await eventually(() => expect(model.stats.running).toBe(1));
    client.abort();
    await eventually(() => expect(model.stats).toMatchObject({ running: 0, cancelled: 1 }));
    expect(lines.at(-1)).toContain("499 DISCONNECTED");
  });
});

test("/generate/stream reports each step, and gives the result at last", async () => {
  const { url } = await started();
  const response = await fetch(`${url}/generate/stream`, {
    method: "POST",
    body: JSON.stringify({ input: picture }),
  });
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  if (!response.body) throw new Error("expected a body");
  const events = [];
  for await (const data of sseData(response.body)) events.push(JSON.parse(data));
  const messages = events.map(({ message }) => message);
  expect(messages).toEqual(
    expect.arrayContaining([
      "Request queued.",
      "Progress: 33.3% (1/3)",
      "Progress: 66.7% (2/3)",
      "Progress: 100.0% (3/3)",
    ]),
  );
  expect(events.at(-1)).toMatchObject({
    status: "final_result",
    result: { status: "completed", output: [{ filename: "image_00001_.png" }] },
  });
});

test("/ws sends what ComfyUI sends about a workflow", async () => {
  const { url } = await started();
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws?clientId=me`);
  const messages: { readonly type: string; readonly data: Readonly<Record<string, unknown>> }[] = [];
  socket.on("message", (text) => messages.push(JSON.parse(String(text))));
  await eventually(() => expect(messages[0]).toMatchObject({ type: "status", data: { sid: "me" } }));
  await generated(url, picture);
  await eventually(() => expect(messages.at(-1)).toMatchObject({ type: "executing", data: { node: null } }));
  const kinds = messages.map(({ type, data }) => (type === "executing" ? `executing ${data.node}` : type));
  expect(kinds).toEqual([
    ...["status", "execution_start", "execution_cached"],
    ...["executing 4", "executing 6", "executing 7", "executing 5", "executing 3"],
    ...["progress", "progress", "progress", "executing 8", "executing 9", "executed"],
    ...["execution_success", "executing null"],
  ]);
  const progress = messages.filter(({ type }) => type === "progress").map(({ data }) => data);
  expect(progress).toMatchObject([1, 2, 3].map((value) => ({ value, max: 3, node: "3" })));
  expect(new Set(progress.map(({ prompt_id }) => prompt_id)).size).toBe(1);
  socket.close();
});

test("/object_info and /system_stats describe the server", async () => {
  const { url } = await started();
  const info = (await (await fetch(`${url}/object_info`)).json()) as Readonly<Record<string, object>>;
  expect(info.CheckpointLoaderSimple).toMatchObject({
    input: { required: { ckpt_name: [expect.arrayContaining([CHECKPOINT])] } },
    output: ["MODEL", "CLIP", "VAE"],
  });
  expect(await (await fetch(`${url}/system_stats`)).json()).toMatchObject({ devices: [{ type: "cuda" }] });
});

describe("a workflow that ComfyUI cannot execute fails with ComfyUI's messages", () => {
  const node = (class_type: string, inputs: object) => ({ class_type, inputs });
  test.each<[string, object, object]>([
    [
      "an unknown node",
      workflowOf({ extra: node("MagicSampler", {}) }),
      {
        error: {
          type: "invalid_prompt",
          message: "Cannot execute because node MagicSampler does not exist.",
        },
      },
    ],
    [
      "no node at all",
      { nodes: [], links: [] },
      {
        error: {
          type: "invalid_prompt",
          message: expect.stringContaining("missing the class_type property"),
        },
      },
    ],
    [
      "nothing that is saved",
      { loader: node("CheckpointLoaderSimple", { ckpt_name: CHECKPOINT }) },
      { error: { type: "prompt_no_outputs" } },
    ],
    [
      "a missing input",
      workflowOf({ decode: node("VAEDecode", { samples: ["sampler", 0] }) }),
      {
        node_errors: {
          decode: {
            errors: [{ type: "required_input_missing", details: "vae" }],
            dependent_outputs: ["save"],
          },
        },
      },
    ],
    [
      "a model that is not there",
      workflowOf({ loader: node("CheckpointLoaderSimple", { ckpt_name: "my.ckpt" }) }),
      {
        error: { type: "prompt_outputs_failed_validation" },
        node_errors: {
          loader: {
            class_type: "CheckpointLoaderSimple",
            errors: [
              {
                message: "Value not in list",
                details: expect.stringContaining("ckpt_name: 'my.ckpt' not in ['"),
              },
            ],
          },
        },
      },
    ],
    [
      "a link to a node that is not there",
      workflowOf({ text: node("CLIPTextEncode", { text: "x", clip: ["nowhere", 1] }) }),
      {
        node_errors: {
          text: { errors: [{ type: "exception_during_inner_validation", details: "'nowhere'" }] },
        },
      },
    ],
    [
      "a link to something else",
      workflowOf({ text: node("CLIPTextEncode", { text: "x", clip: ["loader", 0] }) }),
      {
        node_errors: {
          text: { errors: [{ details: "clip, received_type(MODEL) mismatch input_type(CLIP)" }] },
        },
      },
    ],
    [
      "a link that is none",
      workflowOf({ text: node("CLIPTextEncode", { text: "x", clip: ["loader"] }) }),
      { node_errors: { text: { errors: [{ type: "bad_linked_input" }] } } },
    ],
    [
      "a number that is none",
      workflowOf({ size: node("EmptyLatentImage", { width: "wide", height: 64, batch_size: 1 }) }),
      { node_errors: { size: { errors: [{ type: "invalid_input_type" }] } } },
    ],
    [
      "a number beyond its limits",
      workflowOf({ size: node("EmptyLatentImage", { width: 8, height: 8192, batch_size: 1 }) }),
      {
        node_errors: {
          size: {
            errors: [
              { message: "Value 8 smaller than min of 16" },
              { message: "Value 8192 bigger than max of 4096" },
            ],
          },
        },
      },
    ],
  ])("%s", async (_, workflow_json, expected) => {
    const { model, url } = await started();
    const response = await post(url, { workflow_json });
    expect(response.status).toBe(500);
    const { status, message } = (await response.json()) as {
      readonly status: string;
      readonly message: string;
    };
    expect(status).toBe("failed");
    expect(JSON.parse(message.replace("Generation failed: ComfyUI API error: ", ""))).toMatchObject(expected);
    expect(model.stats.running).toBe(0);
  });

  test("and a circle of links is no end of the server", async () => {
    const { url } = await started();
    const size = { class_type: "VAEDecode", inputs: { samples: ["size", 0], vae: ["loader", 2] } };
    expect((await post(url, { workflow_json: workflowOf({ size }) })).status).toBe(500);
    await generated(url, picture);
  });
});

test.each([
  ["neither a workflow nor a modifier", {}, "Must provide either"],
  ["both", { ...picture, workflow_json: workflowOf() }, "mutually exclusive"],
  ["an unknown modifier", { modifier: "Text2Song" }, "No modifier named Text2Song"],
  ["something else than an object", "paint", "input"],
])("%s is refused with 422, as FastAPI does", async (_, input, detail) => {
  const { url } = await started();
  const response = await post(url, input);
  expect(response.status).toBe(422);
  expect(await response.json()).toEqual({ detail: expect.stringContaining(detail) });
});

describe("an older image's log", () => {
  test("is ComfyUI's: what it prints of loading, of a workflow and of one that it cannot do", async () => {
    const { url, lines } = await started({ image: "older" });
    expect(lines).toContain("To see the GUI go to: http://127.0.0.1:18188");
    expect(lines.some((line) => line.includes('"message":"Downloading'))).toBe(true);
    await generated(url, picture);
    expect(lines.slice(-3)).toEqual([
      "got prompt",
      "100%|██████████| 3/3",
      expect.stringMatching(/^Prompt executed in [\d.]+ seconds$/),
    ]);
    await post(url, { modifier: "Text2Image", modifications: { ...SMALL, ckpt_name: "my.ckpt" } });
    expect(lines.slice(-6)).toEqual([
      "got prompt",
      "Failed to validate prompt for output 9:",
      "* CheckpointLoaderSimple 4:",
      expect.stringMatching(/^ {2}- Value not in list: ckpt_name: 'my\.ckpt' not in \['.*'\]$/),
      "Output will be ignored",
      expect.stringMatching(/^invalid prompt: \{'type': 'prompt_outputs_failed_validation'/),
    ]);
  });
});

test("a newer image's log is the wrapper's", async () => {
  const { url, lines } = await started();
  expect(lines.some((line) => line.includes("BACKENDS_READY"))).toBe(true);
  await generated(url, { ...picture, request_id: "r-2" });
  expect(lines).toEqual(
    expect.arrayContaining([
      "INFO:main:Queued request r-2",
      "INFO:workers.generation_worker:Progress update: Progress: 66.7% (2/3)",
      "INFO:workers.postprocess_worker:Processed 1 output files for r-2",
      expect.stringMatching(/"POST \/generate\/sync HTTP\/1\.1" 200 OK$/),
    ]),
  );
});

test.each(LOAD_ERRORS)("a server that fails while it loads logs the reason: %s", async (loadError) => {
  const words = {
    file: "MetadataIncompleteBuffer",
    provisioning: "[ERROR] Provisioning Script failed",
    startup: "Application startup failed",
    backends: "BACKENDS_READY_TIMEOUT",
  };
  const lines: string[] = [];
  const model = new ModelSimulator(new ComfyModel({ loadError }), {
    loadSeconds: 0,
    fail: "out-of-memory",
    onLogLine: (line) => lines.push(line),
  });
  onTestFinished(() => model.stop());
  await model.start();
  await eventually(() => model.state === "crashed");
  expect(lines.join("\n")).toContain(words[loadError]);
});

/** Takes what it is sent, and answers with a status. */
async function taker(status: number) {
  const taken: { readonly method: string; readonly path: string; readonly body: Buffer }[] = [];
  const server = createServer(async (request, response) => {
    const body = await readBody(request, 10_000_000);
    taken.push({ method: request.method ?? "", path: request.url ?? "", body });
    response.writeHead(status).end();
  });
  const url = httpUrl("127.0.0.1", await listen(server, "127.0.0.1", 0));
  onTestFinished(() => close(server));
  return { url, taken };
}

describe("s3", () => {
  const keys = { access_key_id: "id", secret_access_key: "secret", bucket_name: "bucket" };

  test("has the file uploaded by a plain PUT", async () => {
    const [{ url }, store] = await Promise.all([started(), taker(200)]);
    const { id, output } = await generated(url, { ...picture, s3: { ...keys, endpoint_url: store.url } });
    expect(output).toMatchObject([{ url: `${store.url}/bucket/${id}/image_00001_.png` }]);
    expect(store.taken).toMatchObject([{ method: "PUT", path: `/bucket/${id}/image_00001_.png` }]);
    expect(decodedPng(store.taken[0]?.body ?? Buffer.alloc(0)).width).toBe(64);
  });

  test("gets the reason why there is no upload", async () => {
    const [{ url }, store] = await Promise.all([started(), taker(403)]);
    const { output } = await generated(url, { ...picture, s3: { ...keys, endpoint_url: store.url } });
    expect(output).toMatchObject([{ upload_error: expect.stringContaining("answered 403") }]);
  });
});

describe("a webhook", () => {
  test("is called at the end, with its own fields", async () => {
    const [{ url }, hook] = await Promise.all([started(), taker(200)]);
    const { id } = await generated(url, {
      ...picture,
      webhook: { url: `${hook.url}/done`, extra_params: { user: 7 } },
    });
    expect(hook.taken).toHaveLength(1);
    expect(JSON.parse(String(hook.taken[0]?.body))).toMatchObject({
      ...{ id, status: "completed", output: [{ filename: "image_00001_.png" }], extra: { user: 7 } },
    });
  });

  test("that fails is a line in the log, and the answer comes all the same", async () => {
    const [{ url, lines }, hook] = await Promise.all([started(), taker(500)]);
    await generated(url, { ...picture, webhook: { url: hook.url } });
    expect(lines.some((line) => line.includes("Failed to run webhook"))).toBe(true);
  });
});
