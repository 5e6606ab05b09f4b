import type { HandlerConfig, Payload, WorkerConfig } from "tsworker";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openaiConfig } from "../../../examples/openai/openai-config.js";
import { soundLength } from "../../../examples/openai/sound-length.js";
import { speechSample } from "../../../examples/openai/speech-sample.js";
import { wavTone } from "../../../src/simulator/media/sound.js";

const SERVER = { program: "it", loaded: /^it is up$/, failed: [/^it is down$/] };

const ROUTES = [
  "/v1/completions",
  "/v1/chat/completions",
  "/v1/chat/completions/batch",
  "/v1/embeddings",
  "/v1/rerank",
  "/v1/score",
  "/v1/audio/speech",
  "/v1/audio/speech/batch",
  "/v1/audio/generate",
  "/v1/audio/transcriptions",
  "/v1/audio/translations",
  "/v1/images/generations",
  "/v1/images/edits",
  "/v1/videos/sync",
];

const VARIABLES = [
  "BENCHMARK_EMBED_CHARS",
  "BENCHMARK_ROUTE",
  "BENCHMARK_SPEECH_VOICE",
  "LLAMA_MODEL",
  "MODEL_ERROR_LOG_MSGS",
  "MODEL_HEALTH_ENDPOINT",
  "MODEL_HOST",
  "MODEL_INFO_LOG_MSGS",
  "MODEL_LOAD_LOG_MSG",
  "MODEL_LOG",
  "MODEL_NAME",
  "MODEL_PORT",
  "OPENAI_ROUTES",
  "SGLANG_MODEL",
  "VLLM_MODEL",
];

let warned: string[];
beforeEach(() => {
  warned = [];
  vi.spyOn(console, "warn").mockImplementation((text: string) => void warned.push(text));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** The configuration with these variables and no others that matter. */
function configWith(env: Readonly<Record<string, string>>, server = {}): WorkerConfig {
  for (const name of VARIABLES) vi.stubEnv(name, undefined);
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  return openaiConfig({ ...SERVER, ...server });
}

const routesOf = ({ handlers }: WorkerConfig): readonly string[] => handlers.map(({ route }) => route);

type Complete<Options> = { readonly [Name in keyof Options]-?: NonNullable<Options[Name]> };

function handlerFor(route: string, env: Readonly<Record<string, string>> = {}): Complete<HandlerConfig> {
  const { handlers } = configWith({ OPENAI_ROUTES: ROUTES.join(), ...env });
  const found = handlers.find((handler) => handler.route === route);
  if (found === undefined) throw new Error(`expected a handler for ${route}`);
  return found as Complete<HandlerConfig>;
}

/** What a handler makes of a payload; the faults by field where it refuses it. */
function parsed(route: string, payload: Payload, env: Readonly<Record<string, string>> = {}): unknown {
  try {
    return handlerFor(route, env).requestParser(payload);
  } catch (error) {
    return Reflect.get(Object(error), "fields");
  }
}

describe("the server", () => {
  test("is on this machine unless MODEL_HOST and MODEL_PORT say otherwise", () => {
    expect(configWith({})).toMatchObject({ modelServerUrl: "http://127.0.0.1", modelServerPort: 18000 });
    expect(configWith({ MODEL_HOST: "vllm.other.svc", MODEL_PORT: "8000" })).toMatchObject({
      modelServerUrl: "http://vllm.other.svc",
      modelServerPort: 8000,
    });
    expect(configWith({ MODEL_HOST: "[::1]" })).toMatchObject({ modelServerUrl: "http://[::1]" });
  });

  test.each(["http://vllm", "vllm:8000", "a b", "a/b", "[::"])("has no host %j", (MODEL_HOST) => {
    expect(() => configWith({ MODEL_HOST })).toThrow(
      `MODEL_HOST: expected a host name or an address, got "${MODEL_HOST}"`,
    );
  });
});

describe("the routes", () => {
  test("are completions and chats, and the one that is benchmarked", () => {
    expect(routesOf(configWith({}))).toEqual(["/v1/completions", "/v1/chat/completions"]);
    expect(routesOf(configWith({ BENCHMARK_ROUTE: "/v1/rerank", OPENAI_ROUTES: "" }))).toEqual([
      "/v1/completions",
      "/v1/chat/completions",
      "/v1/rerank",
    ]);
    expect(routesOf(configWith({}, { routes: [{ route: "/own", size: () => 1 }] }))).toContain("/own");
  });

  test("are those that OPENAI_ROUTES names, and a name that is none is warned about", () => {
    const env = { OPENAI_ROUTES: " /v1/score, /v1/nothing,,/v1/rerank", BENCHMARK_ROUTE: "/v1/rerank" };
    expect(routesOf(configWith(env))).toEqual(["/v1/rerank", "/v1/score"]);
    expect(warned).toEqual([
      expect.stringMatching(
        /^warning: OPENAI_ROUTES: there is no route "\/v1\/nothing": it is left out; there are \/v1\/completions, /,
      ),
    ]);
  });

  test("are all measurable", () => {
    for (const route of ROUTES) {
      const { handlers } = configWith({ BENCHMARK_ROUTE: route });
      expect(handlers.filter(({ benchmarkConfig }) => benchmarkConfig).map((each) => each.route)).toEqual([
        route,
      ]);
    }
  });

  test("do not start without the one that is benchmarked", () => {
    const wrong = () => configWith({ BENCHMARK_ROUTE: "/v1/nothing" });
    expect(wrong).toThrow(`BENCHMARK_ROUTE: expected one of ${ROUTES.join(", ")}, got "/v1/nothing"`);
    expect(wrong).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    expect(() => configWith({ OPENAI_ROUTES: "/v1/embeddings" })).toThrow(
      "BENCHMARK_ROUTE: /v1/completions is benchmarked, but OPENAI_ROUTES serves /v1/embeddings",
    );
    expect(() => configWith({ OPENAI_ROUTES: "/v1/nothing" })).toThrow(
      /OPENAI_ROUTES serves no route at all/,
    );
    const own = { routes: [{ route: "/own", size: () => 1 }] };
    expect(() => configWith({ BENCHMARK_ROUTE: "/own" }, own)).toThrow(/^BENCHMARK_ROUTE: expected one of/);
  });

  test("take files as JSON where the server wants a form", () => {
    const { handlers } = configWith({ OPENAI_ROUTES: ROUTES.join() });
    expect(handlers.filter(({ multipart }) => multipart !== undefined).map(({ route }) => route)).toEqual([
      "/v1/audio/transcriptions",
      "/v1/audio/translations",
      "/v1/images/edits",
      "/v1/videos/sync",
    ]);
  });
});

describe("the benchmark", () => {
  test.each([
    ["/v1/completions", 10, 3],
    ["/v1/chat/completions", 10, 3],
    ["/v1/chat/completions/batch", 10, 3],
    ["/v1/embeddings", 10, 3],
    ["/v1/rerank", 10, 3],
    ["/v1/score", 10, 3],
    ["/v1/audio/speech", 4, 2],
    ["/v1/audio/speech/batch", 4, 2],
    ["/v1/audio/generate", 2, 1],
    ["/v1/audio/transcriptions", 4, 2],
    ["/v1/audio/translations", 4, 2],
    ["/v1/images/generations", 2, 1],
    ["/v1/images/edits", 2, 1],
    ["/v1/videos/sync", 1, 1],
  ])(
    "of %s: %d at once, %d rounds, of requests that weigh 500 and are new each time",
    (route, concurrency, runs) => {
      const handler = handlerFor(route, { BENCHMARK_ROUTE: route });
      const { benchmarkConfig, requestParser, workloadCalculator } = handler;
      expect(benchmarkConfig).toMatchObject({ concurrency, runs });
      const [one = {}, other] = [benchmarkConfig.generator?.(), benchmarkConfig.generator?.()];
      expect(one).not.toEqual(other);
      expect(workloadCalculator(one)).toBeCloseTo(500, 6);
      expect(requestParser(one)).toBe(one);
    },
  );

  test("of completions has 250 random words, 500 tokens and a temperature of 0.7", () => {
    const payload = handlerFor("/v1/completions").benchmarkConfig.generator?.();
    expect(payload).toEqual({
      prompt: expect.any(String),
      max_tokens: 500,
      ignore_eos: true,
      temperature: 0.7,
    });
    expect(String(payload?.prompt).split(" ")).toHaveLength(250);
  });

  test("of embeddings has as many characters as BENCHMARK_EMBED_CHARS, and a workload of 500", () => {
    const env = { BENCHMARK_ROUTE: "/v1/embeddings", BENCHMARK_EMBED_CHARS: "2000" };
    const { benchmarkConfig, workloadCalculator } = handlerFor("/v1/embeddings", env);
    expect(benchmarkConfig.generator?.().input).toHaveLength(2000);
    expect(workloadCalculator({ input: "x".repeat(1000) })).toBe(250);
    expect(
      handlerFor("/v1/embeddings", { ...env, BENCHMARK_EMBED_CHARS: "a lot" }).benchmarkConfig.generator?.()
        .input,
    ).toHaveLength(600);
    expect(warned).toEqual([expect.stringContaining("BENCHMARK_EMBED_CHARS: expected an integer from 1")]);
  });

  test("of speech names the voice that BENCHMARK_SPEECH_VOICE does", () => {
    const env = { BENCHMARK_ROUTE: "/v1/audio/speech", BENCHMARK_SPEECH_VOICE: "vivian" };
    expect(handlerFor("/v1/audio/speech", env).benchmarkConfig.generator?.()).toMatchObject({
      voice: "vivian",
    });
    const without = handlerFor("/v1/audio/speech", { BENCHMARK_ROUTE: "/v1/audio/speech" });
    expect(without.benchmarkConfig.generator?.()).not.toHaveProperty("voice");
  });

  test("of transcriptions has 30 s of speech: a WAV file whose sentences are louder than its pauses", () => {
    const wav = Buffer.from(speechSample(), "base64");
    expect(wav.toString("latin1", 0, 4) + wav.toString("latin1", 8, 16)).toBe("RIFFWAVEfmt ");
    expect(wav.readUInt32LE(4)).toBe(wav.length - 8);
    expect(soundLength(wav)).toBe(30);
    // Eight bits a sample, 16,000 a second; a sentence each 2.5 s with a pause behind it.
    for (let at = 0; at < 12; at += 1) {
      const sentence = wav.subarray(44 + at * 40_000, 44 + (at + 1) * 40_000);
      expect(Math.max(...sentence)).toBeGreaterThan(200);
      expect(new Set(sentence.subarray(-1600))).toEqual(new Set([128]));
    }
  });
});

describe("the model's name", () => {
  test.each([
    [{ MODEL_NAME: "a", VLLM_MODEL: "b" }, "a"],
    [{ MODEL_NAME: "", VLLM_MODEL: "b", SGLANG_MODEL: "c" }, "b"],
    [{ SGLANG_MODEL: "c", LLAMA_MODEL: "d" }, "c"],
    [{ LLAMA_MODEL: "d" }, "d"],
  ])("is the first of the variables that is set: %j", (env, model) => {
    const [first] = configWith(env).handlers;
    expect(first?.benchmarkConfig?.generator?.()).toMatchObject({ model });
  });

  test("is filled in on the routes for uploads and batches, where the client names none", () => {
    const env = { MODEL_NAME: "mine" };
    const conversations = { messages: [[{ role: "user", content: "Hi" }]] };
    expect(parsed("/v1/chat/completions/batch", conversations, env)).toEqual({
      ...conversations,
      model: "mine",
    });
    expect(parsed("/v1/audio/speech/batch", { items: [{ input: "Hi" }], model: "" }, env)).toMatchObject({
      model: "mine",
    });
    expect(parsed("/v1/audio/transcriptions", { file: "UklGRg" }, env)).toMatchObject({ model: "mine" });
    expect(parsed("/v1/audio/translations", { file: "UklGRg", model: "theirs" }, env)).toMatchObject({
      model: "theirs",
    });
    expect(parsed("/v1/images/edits", { prompt: "Night", image: "iVBO" }, env)).toMatchObject({
      model: "mine",
    });
    expect(parsed("/v1/videos/sync", { prompt: "Night", model: null }, env)).toMatchObject({ model: "mine" });
    // The server has a default of its own elsewhere.
    expect(parsed("/v1/completions", { prompt: "Hi" }, env)).toEqual({ prompt: "Hi" });
    expect(parsed("/v1/audio/transcriptions", { file: "UklGRg" })).toEqual({ file: "UklGRg" });
  });
});

describe("what every server refuses is refused, and nothing else", () => {
  test.each<[string, Payload]>([
    ["/v1/completions", { prompt: "" }],
    ["/v1/completions", { prompt: "Hi", max_tokens: -1 }],
    ["/v1/completions", { prompt: "Hi", max_tokens: 0 }],
    ["/v1/completions", { prompt: "Hi", max_tokens: "64", stream: "true" }],
    ["/v1/completions", { prompt: [] }],
    ["/v1/completions", { prompt: [1, 2, "three"] }],
    ["/v1/completions", { prompt: { prompt_string: "Hi", multimodal_data: ["…"] } }],
    ["/v1/completions", { prompt_embeds: "…" }],
    ["/v1/chat/completions", { messages: [] }],
    [
      "/v1/chat/completions",
      { messages: [{ role: "assistant", tool_calls: [] }], max_completion_tokens: -1 },
    ],
    ["/v1/embeddings", { input: "" }],
    ["/v1/embeddings", { input: [[1, 2], [3]] }],
    ["/v1/embeddings", { input: { prompt_string: "Hi" } }],
    ["/v1/embeddings", { content: "Hi" }],
    ["/v1/embeddings", { messages: [{ role: "user", content: "Hi" }] }],
    ["/v1/rerank", { query: "sea", texts: ["a", "b"] }],
    ["/v1/rerank", { query: "", documents: [] }],
    ["/v1/rerank", { query: { content: [] }, documents: "sea" }],
    ["/v1/score", { queries: "sea", documents: ["a"] }],
    ["/v1/audio/speech", { input: "" }],
    ["/v1/images/edits", { prompt: "Night", "url[]": ["https://example.com/a.png"] }],
    ["/v1/images/edits", { prompt: "", url: "data:image/png;base64,iVBO" }],
  ])("%s takes %j", (route, payload) => {
    expect(parsed(route, payload)).toEqual(payload);
  });

  test.each<[string, Payload, Record<string, unknown>]>([
    [
      "/v1/chat/completions/batch",
      { messages: [{ role: "user" }] },
      { messages: expect.stringMatching(/list of conversations/) },
    ],
    [
      "/v1/chat/completions/batch",
      { messages: [[{ role: "user" }], ["Hi"]] },
      { messages: expect.stringMatching(/^conversation 2: message 1 must be an object/) },
    ],
    ["/v1/audio/speech/batch", { items: ["Hi"] }, { items: expect.stringMatching(/list of objects/) }],
    ["/v1/audio/speech/batch", {}, { items: expect.stringMatching(/got nothing$/) }],
    ["/v1/images/edits", { prompt: "Night" }, { image: expect.stringMatching(/base64 text/) }],
    [
      "/v1/rerank",
      {},
      { query: "must be a text, got nothing", documents: "must be a list of texts, got nothing" },
    ],
    ["/v1/videos/sync", {}, { prompt: expect.stringMatching(/must be a text/) }],
  ])("%s refuses %j", (route, payload, faults) => {
    expect(parsed(route, payload)).toEqual(faults);
  });

  test.each<[string, Payload]>([
    ["/v1/audio/speech", { input: { input: "Hi" } }],
    ["/v1/embeddings", { input: { input: ["a", "b"], dimensions: 8 } }],
    ["/v1/completions", { input: { prompt: "Hi" } }],
  ])("%s unwraps %j", (route, payload) => {
    expect(parsed(route, payload)).toBe(payload.input);
  });
});

describe("what the server fetches itself", () => {
  const many = Array.from({ length: 9 }, (_, at) => `https://example.com/${at}.png`);
  test.each<[string, Payload, string, RegExp]>([
    [
      "/v1/images/edits",
      { prompt: "x", url: "file:///etc/passwd" },
      "url",
      /^must be an http:, https: or data: URL/,
    ],
    ["/v1/images/edits", { prompt: "x", "url[]": [many[0], "/etc/passwd"] }, "url[]", /^must be an http:/],
    [
      "/v1/images/edits",
      { prompt: "x", url: many, "url[]": many },
      "url",
      /at most 16 references in all fields, got 18/,
    ],
    ["/v1/audio/speech", { input: "x", ref_audio: "file:///a.wav" }, "ref_audio", /^must be an http:/],
    [
      "/v1/audio/speech",
      { input: "x", references: [{ audio_path: "/a.wav" }] },
      "references.audio_path",
      /^must be/,
    ],
    [
      "/v1/audio/speech/batch",
      { items: [{ input: "x", ref_audio: "ftp://a/b" }] },
      "items.ref_audio",
      /^must be/,
    ],
    [
      "/v1/videos/sync",
      { prompt: "x", image_reference: { image_url: "file:///a.png" } },
      "image_reference.image_url",
      /^must be/,
    ],
    [
      "/v1/videos/sync",
      { prompt: "x", video_reference: '{"video_url":"file:///a"}' },
      "video_reference.video_url",
      /^must be/,
    ],
    [
      "/v1/videos/sync",
      { prompt: "x", audio_reference: [{ audio_url: 7 }] },
      "audio_reference.audio_url",
      /^must be/,
    ],
    [
      "/v1/videos/sync",
      { prompt: "x", image_reference: { image_url: `data:image/png;base64,${"A".repeat(4 * 9 * 2 ** 20)}` } },
      "image_reference.image_url",
      /^must be at most 26214400 bytes in a data: URL, got 28311552/,
    ],
  ])("%s refuses where anybody may not fetch it, or it is too much", (route, payload, field, fault) => {
    const faults = parsed(route, payload) as Record<string, string>;
    expect(faults[field]).toMatch(fault);
  });

  test("is taken by http, https and data", () => {
    const payload = {
      prompt: "x",
      image_reference: { image_url: "HTTPS://example.com/a.png" },
      video_reference: '{"video_url": "http://example.com/a.mp4"}',
      audio_reference: { audio_url: "data:audio/wav;base64,UklGRg==" },
    };
    expect(parsed("/v1/videos/sync", payload)).toBe(payload);
  });
});

describe("the workload", () => {
  const second = { ref_audio: "https://example.com/a.wav" };
  test.each<[string, Payload, number]>([
    ["/v1/completions", { max_tokens: 321 }, 321],
    ["/v1/completions", { max_tokens: 12 }, 50],
    ["/v1/completions", { max_tokens: 100_000 }, 4000],
    ["/v1/completions", { max_tokens: -1 }, 100],
    ["/v1/completions", { max_tokens: 0 }, 50],
    ["/v1/completions", {}, 100],
    ["/v1/completions", { max_tokens: "many" }, 500],
    ["/v1/chat/completions", { max_completion_tokens: 300, max_tokens: 7 }, 300],
    ["/v1/chat/completions/batch", { messages: [[], [], []], max_tokens: 200 }, 600],
    ["/v1/embeddings", { input: "x".repeat(600) }, 500],
    ["/v1/embeddings", { input: ["x".repeat(300), "y".repeat(600)] }, 750],
    ["/v1/embeddings", { input: "x" }, 50],
    ["/v1/rerank", { query: "q".repeat(60), texts: Array(16).fill("d".repeat(250)) }, 500],
    ["/v1/score", { text_1: ["q".repeat(60)], text_2: Array(32).fill("d".repeat(250)) }, 1000],
    ["/v1/score", { text_1: Array(16).fill("q".repeat(60)), text_2: Array(16).fill("d".repeat(250)) }, 500],
    ["/v1/audio/speech", { input: "x".repeat(1000) }, 1000],
    ["/v1/audio/speech", { input: "x".repeat(500), ...second }, 1000],
    [
      "/v1/audio/speech/batch",
      { items: [{ input: "x".repeat(250) }, { input: "y".repeat(500), ...second }] },
      1250,
    ],
    ["/v1/audio/speech/batch", { items: [{ input: "x".repeat(250) }], ...second }, 750],
    ["/v1/audio/generate", { input: "rain", audio_length: 40 }, 500],
    ["/v1/audio/transcriptions", { file: wavTone(60, 440).toString("base64"), filename: "a.wav" }, 1000],
    ["/v1/audio/transcriptions", { file: wavTone(15, 440) }, 250],
    ["/v1/audio/translations", { file: `data:audio/wav;base64,${wavTone(30, 440).toString("base64")}` }, 500],
    ["/v1/audio/translations", { file: Buffer.alloc(16_000 * 90).toString("base64") }, 1500],
    ["/v1/audio/translations", { file: ["A", "B"] }, 500],
    ["/v1/images/generations", { n: 2, size: "1024x512" }, 500],
    ["/v1/images/generations", { size: "nonsense" }, 500],
    ["/v1/images/generations", { size: "64x64" }, 50],
    ["/v1/images/generations", { n: 10 }, 4000],
    ["/v1/images/edits", {}, 500],
    ["/v1/videos/sync", { size: "832x480", num_frames: 66 }, 1000],
    ["/v1/videos/sync", { width: 416, height: 480, num_frames: "33" }, 250],
    ["/v1/videos/sync", { seconds: "4", fps: 16.5 }, 1000],
    ["/v1/videos/sync", {}, 500],
  ])("of %s is counted in reference requests, and kept from 50 to 4000", (route, payload, workload) => {
    expect(handlerFor(route).workloadCalculator(payload)).toBeCloseTo(workload, 6);
  });
});

describe("the length of a sound", () => {
  /** A WAV file of 2 s with another chunk before its samples, and a size for these. */
  function wavWith(size: number): Buffer {
    const plain = wavTone(2, 440);
    const list = Buffer.alloc(8 + 7 + 1);
    list.write("LIST", 0, "latin1");
    list.writeUInt32LE(7, 4);
    const wav = Buffer.concat([plain.subarray(0, 36), list, plain.subarray(36)]);
    wav.writeUInt32LE(size, 36 + list.length + 4);
    return wav;
  }

  test.each([96_000, 0, 0xffff_ffff])(
    "is that of a WAV file's samples, with a header of %d bytes",
    (size) => {
      const wav = wavWith(size);
      for (const file of [wav, wav.toString("base64"), wav.toString("base64url")])
        expect(soundLength(file)).toBe(2);
    },
  );

  test.each([
    ["a WAV file that says it is longer than it is", wavWith(1e9).subarray(0, 48_060 + 0), 1],
    ["no sound at all", Buffer.alloc(0), 0],
    ["a WAV head without samples", Buffer.from("RIFF\0\0\0\0WAVE"), 12 / 16_000],
  ])("of %s is what is there", (_, file, seconds) => {
    expect(soundLength(file)).toBeCloseTo(seconds, 3);
  });

  test("does not take a file of nothing but chunks", () => {
    const file = Buffer.concat([wavTone(1, 440).subarray(0, 36), Buffer.alloc(8 * 100_000)]);
    expect(soundLength(file)).toBeCloseTo(file.length / 16_000);
  });
});

describe("readiness", () => {
  test("is read from the log or the health, whichever comes first; from the health alone without a log", () => {
    expect(configWith({}, { logFile: "/a.log" })).toMatchObject({
      modelLogFile: "/a.log",
      readiness: "either",
      logActionConfig: {
        onLoad: [/^it is up$/],
        onError: [/^[\d:, -]*INFO exited: it\b/, /^it is down$/],
      },
    });
    const without = configWith({});
    expect(without).toMatchObject({ readiness: "health" });
    expect(without).not.toHaveProperty("modelLogFile");
  });

  test("is read from the log alone where a variable names its line", () => {
    expect(configWith({ MODEL_LOAD_LOG_MSG: "one\n\ntwo", MODEL_LOG: "/b.log" })).toMatchObject({
      modelLogFile: "/b.log",
      readiness: "log",
      logActionConfig: { onLoad: ["one", "two"] },
    });
  });

  test("is read from the texts that the variables hold, as they are", () => {
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
});
