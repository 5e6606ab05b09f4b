import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { awaitComfy } from "../../../examples/comfy/readiness.js";
import { readWorkflow } from "../../../examples/comfy/workflow.js";
import { benchmarkPayloads, PROMPTS } from "../../../examples/comfyui/benchmark.js";
import { eventually } from "../../support/eventually.js";
import { plain, RawModel } from "../../support/raw-model.js";
import { root } from "../support/documents.js";

let warned: string[];
let folder: string;
beforeEach(async () => {
  warned = [];
  vi.spyOn(console, "warn").mockImplementation((text: string) => void warned.push(text));
  folder = await mkdtemp(join(tmpdir(), "tsworker-comfy-"));
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

describe("ComfyUI is ready", () => {
  const down = plain({ status: 503 });

  /** The wrapper and ComfyUI behind it, each as healthy as the test has it, and what waits for them. */
  async function waiting({ wrapper, comfy }: { readonly wrapper: boolean; readonly comfy: boolean }) {
    const [wrapperModel, comfyModel] = [await RawModel.start(), await RawModel.start()];
    if (!wrapper) wrapperModel.on("/health", down);
    if (!comfy) comfyModel.on("/system_stats", down);
    const ending = new AbortController();
    onTestFinished(async () => {
      ending.abort();
      await Promise.all([wrapperModel.stop(), comfyModel.stop()]);
    });
    const logFile = join(folder, "wrapper.log");
    const input = {
      wrapperUrl: `http://127.0.0.1:${wrapperModel.port}`,
      comfyUrls: ["http://127.0.0.1:1", `http://127.0.0.1:${comfyModel.port}`],
      logFile,
    };
    let isReady = false;
    const ready = awaitComfy(input, ending.signal).then(() => {
      isReady = true;
    });
    ready.catch(() => {});
    /** Waits until both have been asked again, or the wrapper alone where ComfyUI is not. */
    const probed = async (): Promise<void> => {
      const { length } = wrapperModel.requests;
      await eventually(() => expect(wrapperModel.requests.length).toBeGreaterThan(length + 1));
    };
    return { wrapperModel, comfyModel, logFile, ready, probed, isReady: () => isReady };
  }

  test("when the wrapper and ComfyUI both answer, without a line in the log of an older image", async () => {
    const { comfyModel, ready, probed, isReady } = await waiting({ wrapper: true, comfy: false });
    await probed();
    // The wrapper alone is healthy too early.
    expect(isReady()).toBe(false);
    comfyModel.on("/system_stats", plain());
    await ready;
  });

  test("when the wrapper is healthy and its log shows it, whether or not ComfyUI can be reached", async () => {
    const { wrapperModel, logFile, ready, probed, isReady } = await waiting({ wrapper: false, comfy: false });
    await writeFile(logFile, "INFO:main:BACKENDS_READY: 1/1 backends are up\n");
    await probed();
    // The line may be of an earlier start.
    expect(isReady()).toBe(false);
    wrapperModel.on("/health", plain());
    await ready;
  });

  test("and not when only a client's text has that line", async () => {
    const { logFile, probed, isReady } = await waiting({ wrapper: true, comfy: false });
    await writeFile(logFile, 'INFO:main:Queued request {"prompt": "BACKENDS_READY"}\n');
    await probed();
    expect(isReady()).toBe(false);
  });

  test("and is not waited for when the last line of the log is an error, unless both answer all the same", async () => {
    const { logFile, ready } = await waiting({ wrapper: true, comfy: false });
    await appendFile(
      logFile,
      "INFO:main:BACKENDS_READY: 1/1\nERROR:main:BACKENDS_READY_TIMEOUT: 0/1\nlater\n",
    );
    await expect(ready).rejects.toThrow("ERROR:main:BACKENDS_READY_TIMEOUT: 0/1");
    const other = await waiting({ wrapper: true, comfy: true });
    await other.ready;
  });
});

describe("the benchmark of comfyui", () => {
  const workflow = root("examples/wan/workflow.json");
  const without = () => join(folder, "missing.json");
  const nodes = readWorkflow(workflow);

  test("is the workflow beside the worker, as a request of its own each time", () => {
    vi.stubEnv("BENCHMARK_JSON_PATH", without());
    const { generator } = benchmarkPayloads(workflow);
    const [one, other] = [generator?.(), generator?.()];
    expect(one).toEqual({
      input: { request_id: expect.stringMatching(/^[0-9a-f-]{36}$/), workflow_json: nodes },
    });
    expect(other).not.toEqual(one);
    expect(warned).toEqual([]);
  });

  test("is the workflow that BENCHMARK_JSON_PATH names", () => {
    vi.stubEnv("BENCHMARK_JSON_PATH", workflow);
    expect(benchmarkPayloads(without()).generator?.()).toMatchObject({ input: { workflow_json: nodes } });
  });

  test.each([
    ["there is none", undefined, /BENCHMARK_JSON_PATH: .* is not usable: ENOENT/],
    ["it is no JSON", "{", /is not usable: .*JSON/],
    ["it is a workflow of the editor", '{"nodes":[],"links":[]}', /is not usable: expected nodes by id/],
    ["it is empty", "{}", /is not usable: expected nodes by id/],
  ])("is pictures, with a warning, when a file is named and %s", async (_, content, warning) => {
    const file = join(folder, "benchmark.json");
    if (content !== undefined) await writeFile(file, content);
    vi.stubEnv("BENCHMARK_JSON_PATH", file);
    expect(benchmarkPayloads(without()).dataset).toHaveLength(PROMPTS.length);
    expect(warned).toEqual([expect.stringMatching(warning)]);
  });

  test("is pictures in the size and with the steps of the variables; a bad number has its default", () => {
    vi.stubEnv("BENCHMARK_JSON_PATH", "");
    vi.stubEnv("BENCHMARK_TEST_WIDTH", "768");
    vi.stubEnv("BENCHMARK_TEST_HEIGHT", "high");
    vi.stubEnv("BENCHMARK_TEST_STEPS", "0");
    const { dataset } = benchmarkPayloads(without());
    expect(dataset?.[0]).toEqual({
      input: {
        modifier: "Text2Image",
        modifications: { prompt: PROMPTS[0], width: 768, height: 512, steps: 20, seed: "__RANDOM_INT__" },
      },
    });
    expect(warned).toEqual([
      'warning: BENCHMARK_TEST_HEIGHT: expected an integer from 16 to 16384, got "high": 512 is used',
      'warning: BENCHMARK_TEST_STEPS: expected an integer from 1 to 10000, got "0": 20 is used',
    ]);
  });
});
