import { afterEach, describe, expect, test, vi } from "vitest";
import { openaiConfig } from "../../examples/openai/openai-config.js";
import { completions } from "../../examples/openai/workload-units.js";

const FACTS = { loaded: /^it is up$/, failed: [/^it is down$/], benchmark: { concurrency: 4, runs: 2 } };

afterEach(() => void vi.unstubAllEnvs());

/** The configuration with these variables and no others that matter. */
function configWith(env: Readonly<Record<string, string>>, facts = {}) {
  for (const name of ["MODEL_PORT", "MODEL_LOG", "MODEL_NAME", "MODEL_LOAD_LOG_MSG", "MODEL_ERROR_LOG_MSGS"])
    vi.stubEnv(name, undefined);
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  return openaiConfig({ ...FACTS, ...facts });
}

const handlerFor = (route: string) =>
  configWith({}).handlers.find((handler) => handler.route === route) ?? { route: "missing" };

describe("the shared configuration of servers with OpenAI's interface", () => {
  test("is measured with 250 random words, 500 tokens and a temperature of 0.7", () => {
    const [{ benchmarkConfig } = { benchmarkConfig: undefined }] = configWith({}).handlers;
    expect(benchmarkConfig).toMatchObject({ concurrency: 4, runs: 2 });
    const payload = benchmarkConfig?.generator?.();
    expect(payload).toEqual({
      prompt: expect.any(String),
      max_tokens: 500,
      ignore_eos: true,
      temperature: 0.7,
    });
    expect(String(payload?.prompt).split(" ")).toHaveLength(250);
    expect(benchmarkConfig?.generator?.()).not.toEqual(payload);
  });

  test("names the model in the benchmark where MODEL_NAME does", () => {
    const [first] = configWith({ MODEL_NAME: "my/model" }).handlers;
    expect(first?.benchmarkConfig?.generator?.()).toMatchObject({ model: "my/model" });
  });

  test("goes by the log or the health, whichever comes first; by the health alone without a log", () => {
    expect(configWith({}, { logFile: "/a.log" })).toMatchObject({
      modelLogFile: "/a.log",
      readiness: "either",
      logActionConfig: { onLoad: [/^it is up$/], onError: [/^it is down$/] },
    });
    const without = configWith({});
    expect(without).toMatchObject({ readiness: "health" });
    expect(without).not.toHaveProperty("modelLogFile");
  });

  test("goes by the log alone where somebody says what its line is", () => {
    expect(configWith({ MODEL_LOAD_LOG_MSG: "one\n\ntwo", MODEL_LOG: "/b.log" })).toMatchObject({
      modelLogFile: "/b.log",
      readiness: "log",
      logActionConfig: { onLoad: ["one", "two"] },
    });
  });

  test("goes by the texts that the variables hold, as they are", () => {
    const env = {
      MODEL_LOG: "/a.log",
      MODEL_ERROR_LOG_MSGS: "it is (down\nso is this",
      MODEL_INFO_LOG_MSGS: "a.b",
    };
    expect(configWith(env).logActionConfig).toEqual({
      onLoad: [/^it is up$/],
      onError: ["it is (down", "so is this"],
      onInfo: ["a.b"],
    });
  });

  test("takes files as JSON where the server wants a form", () => {
    const forms = configWith({}).handlers.filter(({ multipart }) => multipart !== undefined);
    expect(forms.map(({ route }) => route)).toEqual([
      "/v1/audio/transcriptions",
      "/v1/audio/translations",
      "/v1/images/edits",
    ]);
  });

  test.each([
    ["/v1/rerank", { query: "abcd", documents: ["x".repeat(7990), "y".repeat(7990)] }, 250],
    ["/v1/score", { text_1: "a".repeat(16_000), text_2: ["b", "c"] }, 500],
    ["/v1/images/generations", { n: 2, size: "1024x512" }, 500],
    ["/v1/images/generations", { size: "nonsense" }, 500],
    ["/v1/audio/transcriptions", { file: "A".repeat((4 / 3) * 2 ** 21) }, 1000],
    ["/v1/images/edits", {}, 500],
  ])("weighs %s", (route, payload, workload) => {
    expect(handlerFor(route)).toHaveProperty("workloadCalculator");
    const { workloadCalculator } = handlerFor(route) as { workloadCalculator: (given: object) => number };
    // Brackets and commas of a list count, too.
    expect(workloadCalculator(payload) / workload).toBeCloseTo(1, 1);
  });
});

test.each([
  [0, 50],
  [0.1, 50],
  [2, 1000],
  [8, 4000],
  [100, 4000],
  [Number.NaN, 500],
])("what takes %d completions has a workload of %d", (count, workload) => {
  expect(completions(count)).toBe(workload);
});
