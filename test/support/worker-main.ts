/**
 * The worker process of the end-to-end tests: a `worker.ts` whose configuration comes as JSON in
 * `TEST_WORKER_CONFIG`. Functions, which JSON cannot hold, are named there and defined here.
 */
import {
  type BenchmarkConfig,
  type HandlerConfig,
  type LifecycleConfig,
  type OpenRouteConfig,
  type Payload,
  PayloadError,
  Worker,
  type WorkerConfig,
} from "tsworker";
import * as z from "zod";

/** Writes a line among those of the log. */
const reported = (msg: string, more: Readonly<Record<string, unknown>> = {}): void => {
  process.stdout.write(`${JSON.stringify({ msg, ...more })}\n`);
};

const circular: Record<string, unknown> = {};
circular.itself = circular;

/** Values of which JSON has no text, by the names that a payload has for them. */
const unwritable: Readonly<Record<string, unknown>> = {
  bigint: 2n ** 64n,
  circular,
  function: () => 1,
  symbol: Symbol("s"),
};

/** Calls the model, so that the test controls the function's progress. */
async function callModel({ url }: Payload, n: number, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(String(url), { method: "POST", body: JSON.stringify({ n }), signal });
  return response.json();
}

const completion = z.object({
  prompt: z.string().min(1),
  max_tokens: z.int().min(1).default(16),
  stop: z.array(z.string()).optional(),
});

/** A payload that weighs itself, and makes what the model is sent. */
class Picture {
  readonly prompt: string;
  readonly steps: number;

  constructor({ prompt, steps }: Payload) {
    if (typeof prompt !== "string") throw new PayloadError({ prompt: "must be a string" });
    this.prompt = prompt;
    this.steps = Number(steps);
  }

  countWorkload(): number {
    return this.steps * 10;
  }

  generatePayloadJson() {
    reported("expanded", { prompt: this.prompt });
    return { input: { workflow: { text: this.prompt, steps: this.steps, seed: 2n ** 60n } } };
  }
}

const functions = {
  payloadSchema: {
    completion,
    later: completion.refine(async () => true),
  },
  workloadCalculator: {
    maxTokens: (payload) => Number(payload.max_tokens),
    cost: (payload) => Number(payload.cost),
    ofPicture: (payload) => (payload as unknown as Picture).countWorkload(),
    throws: () => {
      throw new Error("the calculator failed");
    },
    negative: () => -1,
    notANumber: () => Number.NaN,
  },
  requestParser: {
    unwrapInput: (payload) => (payload.input ?? payload) as typeof payload,
    needsPrompt: (payload) => {
      if (typeof payload.prompt !== "string") throw new PayloadError({ prompt: "must be a string" });
      return payload;
    },
    kinds: (payload) =>
      Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, kindOf(value)])),
    picture: (payload) => new Picture(payload),
    throws: () => {
      throw new Error("the parser failed");
    },
    // What a configuration in plain JavaScript can come to.
    returnsNothing: () => undefined as unknown as Record<string, unknown>,
  },
  generatePayloadJson: {
    ofPicture: (payload) => (payload as unknown as Picture).generatePayloadJson(),
    wrapped: (payload) => ({ json: payload }),
    refuses: () => {
      throw new PayloadError({ prompt: "has too many words" });
    },
    throws: () => {
      throw new Error("the template is missing");
    },
    outOfRange: () => ({ n: (1).toFixed(1000) }),
    // What a configuration in plain JavaScript can come to.
    later: () => Promise.resolve({}) as unknown as Payload,
  },
  generatePayloadMultipart: {
    form: ({ form, text, flag, none, list, object, name, bytes }) =>
      form === false
        ? null
        : {
            text,
            flag,
            none,
            list,
            object,
            file: { filename: String(name), content: Buffer.from(String(bytes), "base64") },
            files: [1, 2].map((n) => ({
              filename: `${n}.bin`,
              content: Uint8Array.of(n),
              contentType: "x/y",
            })),
          },
    bytes: () => ({ file: Uint8Array.of(1) }),
    blob: () => ({ file: [new File(["a"], "a.wav")] }),
    base64: () => ({ file: { filename: "a.wav", content: "UklGRg==" } }),
    badType: () => ({ file: { filename: "a", content: Uint8Array.of(1), contentType: "a\r\nb: c" } }),
  },
  responseGenerator: {
    returnsEnvelope: async (request, response) => {
      const { payload, session_id } = (await request.json()) as Payload;
      return Response.json(
        { payload, session_id, model: await response.text(), type: response.headers.get("x-kind") },
        { status: response.status },
      );
    },
    upperCase: async (_request, response) =>
      new Response((await response.text()).toUpperCase(), {
        status: 202,
        headers: { "x-made-by": "the generator" },
      }),
    passOn: (_request, response) => response,
    waitsForEnd: async (_request, response) => {
      try {
        return new Response(await response.text());
      } finally {
        reported("generator ended");
      }
    },
    returnsUrl: (request) => new Response(request.url),
    throws: () => {
      throw new Error("the generator failed");
    },
    ignores: () => new Response("done"),
    transcribes: () => Response.json({ text: "some words" }),
    readsTwice: async (_request, response) => {
      await response.text();
      return response;
    },
    returnsNothing: () => undefined as unknown as Response,
  },
  remoteFunction: {
    echo: (payload) => payload,
    throws: () => {
      throw new Error("the function failed");
    },
    returnsNothing: () => undefined,
    returnsTooMuch: () => ({ n: 2n ** 64n }),
    untilAborted: (_payload, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          process.stdout.write(`${JSON.stringify({ msg: "function aborted" })}\n`);
          reject(signal.reason);
        });
      }),
    async *counts({ upTo, failAt }) {
      for (let n = 1; n <= Number(upTo); n++) {
        if (n === failAt) throw new Error("the generator failed");
        yield { n };
      }
    },
    // Logs when it is ended, to show that it does not yield without a reader.
    async *endless(payload, signal) {
      try {
        for (let n = 1; ; n++) {
          yield { n, ...payload };
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      } finally {
        reported("generator ended", { aborted: signal.aborted });
      }
    },
    async *stalls({ after }) {
      for (let n = 1; n <= Number(after); n++) yield n;
      await new Promise(() => {});
    },
    // Never waits for anything but its reader.
    async *pours({ pieces, length, id }) {
      let n = 0;
      try {
        for (; n < Number(pieces); n++) {
          yield "x".repeat(Number(length));
          if (n % 100 === 0) reported("poured", { id, pieces: n });
        }
      } finally {
        reported("generator ended", { id, pieces: n });
      }
    },
    async *yieldsUnwritable({ kind, after }, signal) {
      try {
        for (let n = 1; n <= Number(after); n++) yield n;
        yield unwritable[String(kind)];
        yield "never asked for";
      } finally {
        reported("generator ended", { aborted: signal.aborted });
      }
    },
    async *callsModel(payload, signal) {
      for (let n = 1; n <= Number(payload.upTo); n++) yield await callModel(payload, n, signal);
    },
    callsModelOnce: (payload, signal) => callModel(payload, Number(payload.n), signal),
    returnsUnwritable: ({ kind }) => unwritable[String(kind)],
    fills: ({ length }) => "x".repeat(Number(length)),
    kinds: (payload) =>
      Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, kindOf(value)])),
    never: () => new Promise(() => {}),
    forgets: () => {
      void Promise.reject(new Error("a rejection without a handler"));
      return "done";
    },
  },
} satisfies { [K in keyof HandlerConfig]?: Record<string, NonNullable<HandlerConfig[K]>> };

/** How a value looks to user code. */
const kindOf = (value: unknown): string =>
  value instanceof Uint8Array
    ? `${value.constructor.name} ${value.length}`
    : `${typeof value} ${String(value)}`;

const responds = {
  echoes: async (request) =>
    Response.json({
      method: request.method,
      url: request.url,
      kind: request.headers.get("x-kind"),
      body: await request.text(),
    }),
  streams: ({ signal }) => {
    signal.addEventListener("abort", () => reported("open request aborted"));
    return new Response(
      new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from("data: 1\n\n")) }),
      { headers: { "content-type": "text/event-stream" } },
    );
  },
  throws: () => {
    throw new Error("the open route failed");
  },
  refuses: () => new Response(null, { status: 204 }),
} satisfies Record<string, OpenRouteConfig["respond"]>;

const generators = {
  picture: () => new Picture({ prompt: "a lighthouse", steps: 28 }),
  throws: () => {
    throw new Error("the generator of payloads failed");
  },
} satisfies Record<string, BenchmarkConfig["generator"]>;

let starts = 0;

const stop = (error?: Error): void => reported("lifecycle stops", { error: error?.message });

const lifecycles = {
  starts: { start: () => reported("lifecycle starts"), stop },
  /** Has started when the process gets SIGUSR2. */
  untilSignalled: {
    start: () => {
      reported("lifecycle starts");
      return new Promise((resolve) => process.once("SIGUSR2", resolve));
    },
    stop,
  },
  failsOnce: {
    start: () => {
      reported("lifecycle starts");
      if (starts++ === 0) throw new Error("no GPU");
    },
    stop,
  },
  untilAborted: {
    start: (signal) => {
      reported("lifecycle starts");
      return new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          reported("start aborted");
          resolve(undefined);
        });
      });
    },
    stop,
  },
  stopThrows: {
    stop: () => {
      throw new Error("the GPU is gone");
    },
  },
  stopHangs: {
    stop: () => {
      stop();
      return new Promise(() => {});
    },
  },
} satisfies Record<string, LifecycleConfig>;

interface NamedHandler extends Omit<HandlerConfig, keyof typeof functions | "benchmarkConfig"> {
  readonly benchmarkConfig?: Omit<BenchmarkConfig, "generator"> & {
    readonly generator?: keyof typeof generators;
  };
  readonly workloadCalculator?: keyof (typeof functions)["workloadCalculator"];
  readonly requestParser?: keyof (typeof functions)["requestParser"];
  readonly payloadSchema?: keyof (typeof functions)["payloadSchema"];
  readonly generatePayloadJson?: keyof (typeof functions)["generatePayloadJson"];
  readonly generatePayloadMultipart?: keyof (typeof functions)["generatePayloadMultipart"];
  readonly responseGenerator?: keyof (typeof functions)["responseGenerator"];
  readonly remoteFunction?: keyof (typeof functions)["remoteFunction"];
}

/** A `WorkerConfig` in which functions are named. */
export interface NamedConfig extends Omit<WorkerConfig, "handlers" | "lifecycle" | "openRoutes"> {
  readonly handlers: readonly NamedHandler[];
  readonly openRoutes?: readonly (Omit<OpenRouteConfig, "respond"> & {
    readonly respond?: keyof typeof responds;
  })[];
  readonly lifecycle?: keyof typeof lifecycles;
}

function resolve({
  payloadSchema,
  workloadCalculator,
  requestParser,
  generatePayloadJson,
  generatePayloadMultipart,
  responseGenerator,
  remoteFunction,
  benchmarkConfig,
  ...rest
}: NamedHandler): HandlerConfig {
  const { generator, ...benchmark } = benchmarkConfig ?? {};
  return {
    ...rest,
    ...(benchmarkConfig && {
      benchmarkConfig: { ...benchmark, ...(generator && { generator: generators[generator] }) },
    }),
    ...(payloadSchema && { payloadSchema: functions.payloadSchema[payloadSchema] }),
    ...(workloadCalculator && { workloadCalculator: functions.workloadCalculator[workloadCalculator] }),
    ...(requestParser && { requestParser: functions.requestParser[requestParser] }),
    ...(generatePayloadJson && { generatePayloadJson: functions.generatePayloadJson[generatePayloadJson] }),
    ...(generatePayloadMultipart && {
      generatePayloadMultipart: functions.generatePayloadMultipart[generatePayloadMultipart],
    }),
    ...(responseGenerator && { responseGenerator: functions.responseGenerator[responseGenerator] }),
    ...(remoteFunction && { remoteFunction: functions.remoteFunction[remoteFunction] }),
  };
}

if (process.env.TEST_WORKER_CONFIG !== undefined) {
  const { handlers, lifecycle, openRoutes, ...rest } = JSON.parse(
    process.env.TEST_WORKER_CONFIG,
  ) as NamedConfig;
  await new Worker({
    ...rest,
    handlers: handlers.map(resolve),
    ...(lifecycle && { lifecycle: lifecycles[lifecycle] }),
    ...(openRoutes && {
      openRoutes: openRoutes.map(({ respond, ...route }) => ({
        ...route,
        ...(respond && { respond: responds[respond] }),
      })),
    }),
  }).run();
}
