import { beforeAll, describe, expect, test } from "vitest";
import { apiReference } from "../../../scripts/api-reference.js";
import { compile, snippetsOf, textOf } from "../support/documents.js";

const { pages, items } = apiReference();
const own = items.get("tsworker") ?? [];

/** Imports for an example that has none. */
const NAMES = own.map(({ name, kind }) =>
  kind === "Types" || kind === "Interfaces" ? `type ${name}` : name,
);
const prelude = (code: string): string => {
  if (code.includes('from "tsworker"')) return "";
  const config = code.includes("const config") ? "" : "declare const config: WorkerConfig;\n";
  return `import { ${NAMES.join(", ")} } from "tsworker";\n${config}`;
};

/** The examples of the exports, by name. */
const EXAMPLES = own.flatMap(({ name, tags }) =>
  tags
    .filter((tag) => tag.name === "example")
    .flatMap((tag) => snippetsOf(`${tag.text}\n`, "ts"))
    .map((code) => ({ name, code: prelude(code) + code })),
);

const SERVER = 'modelServerUrl: "http://127.0.0.1:18000", modelHealthcheckUrl: "/health"';
const BENCHMARK = 'benchmarkConfig: { generator: () => ({ prompt: "hello" }) }';
const IMPORTS = `
import { defineWorker, handler, Worker, type HandlerConfig, type PayloadSchema, type WorkerConfig } from "tsworker";
import { z } from "zod";
interface Completion { readonly prompt: string; readonly max_tokens?: number }
declare const completions: readonly Completion[];
`;

/** Programs that must compile, by what they show. */
const SOUND: Readonly<Record<string, string>> = {
  "the payload of a parser reaches the calculator with its type, which may be an interface": `
    handler<Completion>({
      route: "/go",
      requestParser: ({ prompt }) => ({ prompt: String(prompt) }),
      workloadCalculator: ({ prompt, max_tokens = 16 }) => prompt.length + max_tokens,
      remoteFunction: ({ prompt }) => prompt.toUpperCase(),
    });`,
  "the type is inferred from the parser": `
    handler({
      route: "/go",
      requestParser: ({ prompt }): Completion => ({ prompt: String(prompt) }),
      workloadCalculator: ({ prompt }) => prompt.length,
      benchmarkConfig: { dataset: completions },
    });`,
  "the type is inferred from a schema of zod": `
    handler({
      route: "/go",
      payloadSchema: z.object({ prompt: z.string(), max_tokens: z.int().default(16) }),
      workloadCalculator: ({ prompt, max_tokens }) => { const n: number = max_tokens; return n + prompt.length; },
      remoteFunction: async function* ({ prompt }, signal) { if (!signal.aborted) yield prompt.trim(); },
      benchmarkConfig: { generator: () => ({ prompt: "hello", max_tokens: 128 }) },
    });`,
  "the type is inferred from any Standard Schema": `
    const schema: PayloadSchema<Completion> = {
      "~standard": { version: 1, vendor: "own", validate: () => ({ value: { prompt: "hello" } }) },
    };
    handler({ route: "/go", payloadSchema: schema, workloadCalculator: ({ prompt }) => prompt.length });`,
  "a payload that nothing parses has unknown fields": `
    handler({
      route: "/go",
      workloadCalculator: ({ max_tokens }) => { const unknown: unknown = max_tokens; return Number(unknown); },
      benchmarkConfig: { generator: (): Completion => ({ prompt: "hello" }), runs: undefined },
    });`,
  "handlers of several types are in one list": `
    const handlers: readonly HandlerConfig[] = [
      handler<Completion>({ route: "/a", requestParser: () => ({ prompt: "" }), ${BENCHMARK} }),
      handler({ route: "/b", payloadSchema: z.object({ n: z.int() }), workloadCalculator: ({ n }) => n }),
      { route: "/c", allowParallelRequests: true, workloadCalculator: ({ max_tokens }) => Number(max_tokens) },
    ];
    defineWorker({ ${SERVER}, handlers });`,
  "payloads may have the type of an interface without handler(), too": `
    new Worker({
      ${SERVER},
      handlers: [
        { route: "/a", requestParser: (): Completion => ({ prompt: "" }), benchmarkConfig: { dataset: completions } },
        { route: "/b", benchmarkConfig: { generator: (): Completion => ({ prompt: "" }) } },
      ],
    });`,
  "each optional option takes undefined": `
    const config: WorkerConfig = {
      modelServerUrl: process.env.A, modelServerPort: undefined, modelHeaders: undefined, maxConnections: undefined,
      modelLogFile: process.env.B, modelHealthcheckUrl: process.env.C, openRoutes: undefined, readiness: undefined,
      startTimeout: undefined, maxSessions: undefined, sessionCallbackHosts: undefined, requireOwnUrl: undefined,
      replayProtection: undefined, maxBodyBytes: undefined, maxUnverifiedBytes: undefined, streamHeaders: undefined,
      cors: undefined, drainTimeout: undefined,
      healthcheck: { intervalMs: undefined, timeoutMs: undefined, failureThreshold: undefined },
      logActionConfig: { onLoad: undefined, onError: undefined, onInfo: undefined },
      lifecycle: { start: undefined, stop: undefined },
      inspect: { port: undefined, host: undefined, token: process.env.D, events: undefined },
      handlers: [{
        route: "/go", allowParallelRequests: undefined, concurrency: undefined, queue: undefined, maxQueueTime: undefined,
        payloadSchema: undefined, requestParser: undefined, workloadCalculator: undefined, responseGenerator: undefined,
        remoteFunction: undefined, multipart: undefined, websocket: undefined, forwardQuery: undefined,
        sseKeepAliveMs: undefined,
        timeouts: { connectMs: undefined, headersMs: undefined, idleMs: undefined, totalMs: undefined },
        benchmarkConfig: {
          dataset: undefined, generator: undefined, runs: undefined, concurrency: undefined, doWarmup: undefined,
        },
      }],
    };`,
  "a worker has an address, a state, events and an end": `
    await using worker = new Worker({ ${SERVER}, handlers: [{ route: "/go", ${BENCHMARK} }] });
    const url: string = worker.url;
    const ready: boolean = worker.state === "ready";
    worker.on("state", (state) => { if (state === "errored") console.log(url, ready); });`,
};

/** Programs that must not compile: the property that the error is at, and what its message has. */
const WRONG: Readonly<Record<string, readonly [property: string, message: string, code: string]>> = {
  "an option that is misspelt": [
    "maxQueueTme",
    "maxQueueTime",
    `defineWorker({\n${SERVER},\nhandlers: [{ route: "/go", ${BENCHMARK},\nmaxQueueTme: 3 }] });`,
  ],
  "an option of the wrong type": [
    "modelServerPort",
    "not assignable to type 'number",
    `new Worker({\n${SERVER},\nmodelServerPort: "18000",\nhandlers: [] });`,
  ],
  "an option of a handler of the wrong type": [
    "concurrency",
    "not assignable to type 'number",
    'handler({\nroute: "/go",\nconcurrency: "2" });',
  ],
  "a handler without a route": ["handler", "'route' is missing", "\nhandler({ concurrency: 2 });"],
  "a parser that returns a promise": [
    "requestParser",
    "Promise<",
    'handler({\nroute: "/go",\nrequestParser: async () => ({ prompt: "" }) });',
  ],
  "a parser that returns something else than its type": [
    "requestParser",
    "'prompt'",
    'handler<Completion>({\nroute: "/go",\nrequestParser: () => ({ text: "" }) });',
  ],
  "a calculator that reads what the schema does not have": [
    "workloadCalculator",
    "'max_tokens'",
    'handler({\nroute: "/go",\npayloadSchema: z.object({ prompt: z.string() }),\nworkloadCalculator: ({ max_tokens }) => max_tokens });',
  ],
  "a calculator that takes an unknown field for a number": [
    "workloadCalculator",
    "'unknown' is not assignable to type 'number'",
    'handler({\nroute: "/go",\nworkloadCalculator: ({ max_tokens }) => max_tokens });',
  ],
  "a schema of something else than an object": [
    "payloadSchema",
    "string",
    'handler({\nroute: "/go",\npayloadSchema: z.string() });',
  ],
  "a JSON schema": [
    "payloadSchema",
    "type",
    'handler({\nroute: "/go",\npayloadSchema: { type: "object" } });',
  ],
  "a benchmark payload without a field of the schema": [
    "generator",
    "'max_tokens' is missing",
    'handler({\nroute: "/go",\npayloadSchema: z.object({ max_tokens: z.int() }),\nbenchmarkConfig: {\ngenerator: () => ({ prompt: "" }) } });',
  ],
  "a state that there is not": [
    "state",
    '"finished"',
    'declare const worker: Worker;\nif (worker.state === "finished") throw 1;',
  ],
};

const PROGRAMS = [
  ...Object.values(SOUND).map((code) => IMPORTS + code),
  ...Object.values(WRONG).map(([, , code]) => IMPORTS + code),
  ...EXAMPLES.map(({ code }) => code),
];

let output = "";

beforeAll(async () => {
  output = await compile(
    "api",
    PROGRAMS.map((code) => `${code}\n`),
  );
});

/** The compiler's errors in a program. */
const errorsIn = (index: number): string =>
  output
    .split(/\n(?=\S)/)
    .filter((error) => error.includes(`snippet-${index}.ts`))
    .join("\n");

describe("these compile", () => {
  test.each(Object.keys(SOUND).map((name, index) => [name, index] as const))("%s", (_, index) => {
    expect(errorsIn(index)).toBe("");
  });
});

describe("these are errors that name the property", () => {
  test.each(
    Object.entries(WRONG).map(
      ([name, wrong], index) => [name, Object.keys(SOUND).length + index, wrong] as const,
    ),
  )("%s", (_, index, [property, message]) => {
    const errors = errorsIn(index);
    expect(errors).toContain(message);
    const line = Number(/snippet-\d+\.ts\((\d+),/.exec(errors)?.[1]);
    expect(PROGRAMS[index]?.split("\n")[line - 1]).toContain(property);
  });
});

test.each(EXAMPLES.map(({ name }, index) => [name, PROGRAMS.length - EXAMPLES.length + index] as const))(
  "the example of %s compiles",
  (_, index) => {
    expect(errorsIn(index)).toBe("");
  },
);

test.each(own)("$name has a description and an example", ({ name, text }) => {
  expect(text.length).toBeGreaterThan(20);
  expect(EXAMPLES.filter((example) => example.name === name)).not.toEqual([]);
});

// A test that fails here is mended by `npm run api`.
test.each([...pages])("%s is the text of the source", async (page, text) => {
  expect(await textOf(page)).toBe(text);
});

test("README leads to each page of the reference", async () => {
  const readme = await textOf("README.md");
  for (const page of pages.keys()) expect(readme).toContain(`(${page})`);
});
