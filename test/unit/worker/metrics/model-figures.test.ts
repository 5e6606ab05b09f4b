import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { figuresIn, ModelMetrics } from "../../../../src/worker/metrics/model-figures.js";

const NOTHING = {
  waiting: undefined,
  running: undefined,
  cacheUsage: undefined,
  cacheConfig: undefined,
  adapters: undefined,
};

describe("the figures in a model server's metrics", () => {
  const KINDS: readonly (readonly [string, string])[] = [
    [
      "vLLM",
      `# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="m"} 3.0
vllm:num_requests_waiting{engine="0",model_name="m"} 2.0
vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.25
`,
    ],
    [
      "an older vLLM",
      'vllm:num_requests_running{model_name="m"} 3.0\nvllm:num_requests_waiting{model_name="m"} 2.0\n' +
        'vllm:gpu_cache_usage_perc{model_name="m"} 0.25\n',
    ],
    [
      "SGLang",
      'sglang:num_running_reqs{model_name="m"} 3.0\nsglang:num_queue_reqs{model_name="m"} 2.0\nsglang:token_usage{model_name="m"} 0.25\n',
    ],
    [
      "TensorRT-LLM",
      "trtllm_num_requests_running 3.0\ntrtllm_num_requests_waiting 2.0\ntrtllm_kv_cache_utilization 0.25\n",
    ],
    [
      "llama.cpp",
      "llamacpp:requests_processing 3\nllamacpp:requests_deferred 2\nllamacpp:kv_cache_usage_ratio 0.25\n",
    ],
  ];

  test.each(KINDS)("are those of %s", (_, text) => {
    expect(figuresIn(text)).toEqual({ ...NOTHING, running: 3, waiting: 2, cacheUsage: 0.25 });
  });

  test("are there without a cache for TGI, which has no metric of it", () => {
    expect(figuresIn("tgi_queue_size 2\ntgi_batch_current_size 3\n")).toEqual({
      ...NOTHING,
      running: 3,
      waiting: 2,
    });
  });

  test("are the sum over the engines of one server, and the mean of their caches", () => {
    const text = [0, 1]
      .map(
        (engine) => `vllm:num_requests_waiting{engine="${engine}"} ${engine + 1}
vllm:kv_cache_usage_perc{engine="${engine}"} 0.${engine + 1}`,
      )
      .join("\n");
    expect(figuresIn(text)).toMatchObject({ waiting: 3, cacheUsage: expect.closeTo(0.15) });
  });

  test("have the newest report about adapters, with their names as they are", () => {
    const adapters = (running: string, waiting: string, at: string): string =>
      `vllm:lora_requests_info{max_lora="4",running_lora_adapters="${running}",waiting_lora_adapters="${waiting}"} ${at}\n`;
    const text =
      adapters("old", "", "1.7e9") +
      adapters(String.raw`a,\"b\"}`, "c\\\\d", "1.8e9") +
      adapters("x", "", "1.75e9");
    expect(figuresIn(text).adapters).toEqual({
      at: 1.8e9,
      labels: { max_lora: "4", running_lora_adapters: 'a,"b"}', waiting_lora_adapters: "c\\d" },
    });
  });

  test("have the blocks of the cache, under the names of vLLM", () => {
    const vllm = 'vllm:cache_config_info{block_size="16",cache_dtype="auto",num_gpu_blocks="25951"} 1.0';
    const sglang = 'sglang:cache_config_info{num_pages="25951",page_size="16"} 1.0';
    for (const text of [vllm, sglang])
      expect(figuresIn(text).cacheConfig).toEqual({ block_size: "16", num_gpu_blocks: "25951" });
  });

  test.each([
    "",
    "<html>Not Found</html>",
    "vllm:num_requests_waiting{",
    "vllm:num_requests_waiting NaN",
    "vllm:num_requests_waiting +Inf",
    "xvllm:num_requests_waiting 3",
    "# vllm:num_requests_waiting 3",
  ])("are nothing for %j", (text) => {
    expect(figuresIn(text)).toEqual(NOTHING);
  });
});

describe("a model server's metrics", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
  afterEach(() => void vi.useRealTimers());

  test("are fetched once for all simultaneous callers, and twice a second at most", async () => {
    let fetched = 0;
    const metrics = new ModelMetrics({
      fetch: async () => `vllm:num_requests_waiting ${++fetched}`,
      onChange: () => {},
    });
    const ask = async (): Promise<number | undefined> => (await metrics.figures())?.waiting;
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1]);
    vi.advanceTimersByTime(499);
    expect(await ask()).toBe(1);
    vi.advanceTimersByTime(1);
    expect(await ask()).toBe(2);
  });

  test("are left out while they cannot be read; each new reason is logged once, and the end of it", async () => {
    const told: (string | undefined)[] = [];
    let answer: string | Error = "vllm:num_requests_waiting 1";
    const metrics = new ModelMetrics({
      fetch: async () => {
        if (answer instanceof Error) throw answer;
        return answer;
      },
      onChange: (reason) => told.push(reason),
    });
    const next = async (value: string | Error) => {
      answer = value;
      vi.advanceTimersByTime(500);
      return metrics.figures();
    };
    expect(await next(answer)).toMatchObject({ waiting: 1 });
    expect(await next(new Error("down"))).toBeUndefined();
    expect(await next(new Error("down"))).toBeUndefined();
    expect(await next(new Error("too long"))).toBeUndefined();
    expect(await next("vllm:num_requests_waiting 5")).toMatchObject({ waiting: 5 });
    expect(told).toEqual(["down", "too long", undefined]);
  });
});
