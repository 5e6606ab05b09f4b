import { describe, expect, test } from "vitest";
import { BENCHMARK, errorsOf, workerConfig } from "../../support/config.js";

const handler = (parts: object) =>
  workerConfig({ handlers: [{ route: "/go", benchmarkConfig: BENCHMARK, ...parts }] });
const benchmark = (benchmarkConfig: object) => handler({ benchmarkConfig });
const worker = (parts: object) => ({ ...workerConfig(), ...parts });
const serverless = { handlers: [{ route: "/go", remoteFunction: () => 1, benchmarkConfig: BENCHMARK }] };

const pathsOf = (faults: readonly string[]) =>
  faults.map((fault) => fault.slice(0, fault.indexOf(":"))).toSorted();

test("a valid configuration has no errors", () => {
  expect(errorsOf(workerConfig())).toEqual([]);
});

describe("an error has its path, what was expected and what was found", () => {
  test.each([
    [
      handler({ route: "go" }),
      'handlers[0].route: expected a path that begins with "/", has no "?", "#" or "*", and ":" only in segments such as ":id", got \'go\'',
    ],
    [handler({ maxQueueTime: -1 }), "handlers[0].maxQueueTime: expected number to be >=0, got -1"],
    [
      handler({ allowParallelRequests: "yes" }),
      "handlers[0].allowParallelRequests: expected boolean, got 'yes'",
    ],
    [worker({ modelServerPort: 99999 }), "modelServerPort: expected number to be <=65535, got 99999"],
    [
      worker({ logActionConfig: { onLoad: "loaded" } }),
      "logActionConfig.onLoad: expected array, got 'loaded'",
    ],
    [benchmark({}), "handlers[0].benchmarkConfig: expected either a dataset or a generator, got {}"],
    [handler({ maxQueueTime: "60" }), "handlers[0].maxQueueTime: expected number, got '60'"],
    [handler({ forwardQuery: ["a", 1] }), "handlers[0].forwardQuery[1]: expected string, got 1"],
    [handler({ sseKeepAliveMs: 5 }), "handlers[0].sseKeepAliveMs: expected number to be >=10, got 5"],
    [worker({ streamHeaders: "no" }), "streamHeaders: expected boolean, got 'no'"],
    [handler({ concurrency: 1.5 }), "handlers[0].concurrency: expected int, got 1.5"],
    [handler({ requestParser: {} }), "handlers[0].requestParser: expected a function, got {}"],
    [worker({ modelLogFile: "" }), "modelLogFile: expected string to have >=1 characters, got ''"],
    [
      worker({ cors: ["https://app.example.com/"] }),
      'cors[0]: expected an origin such as "https://app.example.com", without a path, or "*", got \'https://app.example.com/\'',
    ],
    [
      worker({ openRoutes: [{ route: "ping" }] }),
      'openRoutes[0].route: expected a path that begins with "/" and has no "?", "#", "*" or ":", got \'ping\'',
    ],
    [worker({ openRoutes: [{ route: "/ping", text: 1 }] }), "openRoutes[0].text: expected string, got 1"],
    [
      worker({ openRoutes: [{ route: "/ping" }, { route: "/ping", text: "pong" }] }),
      "openRoutes[1].route: expected a route that no handler and no other open route has, got '/ping'",
    ],
    [
      worker({ openRoutes: [{ route: "/session/get" }] }),
      "openRoutes[0].route: expected a route that the worker does not serve itself, got '/session/get'",
    ],
    [worker({ handlers: [] }), "handlers: expected array to have >=1 items, got []"],
    [worker({ handlers: undefined }), "handlers: expected array, got undefined"],
    ["nonsense", "config: expected object, got 'nonsense'"],
    [undefined, "config: expected object, got undefined"],
  ])("%#", (config, fault) => {
    expect(errorsOf(config)).toEqual([fault]);
  });

  test("a long value is cut short", () => {
    const [fault] = errorsOf(worker({ modelServerUrl: { text: "x".repeat(10_000) } }));
    expect(fault).toMatch(/^modelServerUrl: .*, got \{ text: 'xxx/);
    expect(fault?.length).toBeLessThan(300);
  });

  test("all of them at once", () => {
    const faults = errorsOf({
      modelServerPort: 0,
      maxSessions: 1.5,
      surprise: true,
      handlers: [
        { route: "a", concurrency: 0 },
        { route: "/b", workloadCalculator: 7, timeouts: { idleMs: 0 } },
      ],
    });
    expect(pathsOf(faults)).toEqual([
      "handlers",
      "handlers[0].concurrency",
      "handlers[0].route",
      "handlers[1].timeouts.idleMs",
      "handlers[1].workloadCalculator",
      "maxSessions",
      "modelServerPort",
      "modelServerUrl",
      "surprise",
    ]);
  });

  test("those of the fields beside those of how they fit together", () => {
    expect(errorsOf({ modelLogFile: 7, handlers: [{ route: "/a", maxQueueTime: "60" }] }).toSorted()).toEqual(
      [
        "handlers: expected exactly one handler with a benchmarkConfig, got [ { route: '/a', maxQueueTime: '60' } ]",
        "handlers[0].maxQueueTime: expected number, got '60'",
        "modelLogFile: expected string, got 7",
        "modelServerUrl: expected the model server's URL, because a handler has no remoteFunction, got undefined",
      ],
    );
  });

  test("several unknown options of one object, each by itself", () => {
    const faults = errorsOf({ ...handler({ a: 1, b: 2 }), c: 3 });
    expect(faults.toSorted()).toEqual([
      "c: unknown option",
      "handlers[0].a: unknown option",
      "handlers[0].b: unknown option",
    ]);
  });

  test("those within a handler beside its fields", () => {
    const faults = errorsOf(
      handler({
        allowParallelRequests: false,
        concurrency: 2,
        maxQueueTime: "60",
        remoteFunction: () => 1,
        responseGenerator: () => 1,
      }),
    );
    expect(pathsOf(faults)).toEqual([
      "handlers[0].concurrency",
      "handlers[0].maxQueueTime",
      "handlers[0].responseGenerator",
    ]);
  });

  test("those between handlers at once", () => {
    const faults = errorsOf({
      logActionConfig: { onLoad: ["loaded"] },
      handlers: [
        { route: "/a", queue: "q" },
        { route: "/a", queue: "q", concurrency: 2 },
      ],
    });
    expect(faults.map((fault) => fault.slice(0, fault.indexOf(":")))).toEqual([
      "handlers[1].route",
      "handlers[1].queue",
      "handlers",
      "modelServerUrl",
      "modelLogFile",
    ]);
  });
});

describe("it is an error", () => {
  test.each([
    ["to have no handler", worker({ handlers: [] }), "handlers: "],
    ["to have an unknown option", worker({ modelServerURL: "http://a" }), "modelServerURL: "],
    ["to have an unknown option of a handler", handler({ maxQueueTme: 3 }), "handlers[0].maxQueueTme: "],
    [
      "to have an unknown option of a benchmark",
      benchmark({ ...BENCHMARK, run: 3 }),
      "handlers[0].benchmarkConfig.run: ",
    ],
    ["to have a route with a query", handler({ route: "/go?x=1" }), "handlers[0].route: "],
    ["to have a route with a parameter", handler({ route: "/:id" }), "handlers[0].route: "],
    ["to have a route with a wildcard", handler({ route: "/*" }), "handlers[0].route: "],
    ["to have a route with a space", handler({ route: "/a b" }), "handlers[0].route: "],
    [
      "to have a model server that is no HTTP server",
      worker({ modelServerUrl: "ftp://a" }),
      "modelServerUrl: ",
    ],
    ["to have a model server without a scheme", worker({ modelServerUrl: "127.0.0.1" }), "modelServerUrl: "],
    [
      "to have a health URL that is neither path nor URL",
      worker({ modelHealthcheckUrl: "health" }),
      "modelHealthcheckUrl: ",
    ],
    ["to have an empty name of a log file", worker({ modelLogFile: "" }), "modelLogFile: "],
    [
      "to look for an empty substring",
      worker({ modelLogFile: "/l", logActionConfig: { onError: [""] } }),
      "logActionConfig.onError[0]: expected a text that is not empty, or a regular expression, got ''",
    ],
    [
      "to look for an expression that may take very long",
      worker({ modelLogFile: "/l", logActionConfig: { onError: ["a", /^(a+)+$/] } }),
      "logActionConfig.onError[1]: expected a regular expression that takes no long time on any line: ",
    ],
    [
      "to look for a number",
      worker({ modelLogFile: "/l", logActionConfig: { onInfo: [7] } }),
      "logActionConfig.onInfo[0]: expected a text that is not empty, or a regular expression, got 7",
    ],
    ["to allow a negative number of sessions", worker({ maxSessions: -1 }), "maxSessions: "],
    [
      "to send a header that the worker sends itself",
      worker({ modelHeaders: { Host: "secret" } }),
      "modelHeaders.Host: expected a header that the worker does not send itself, got [redacted]",
    ],
    [
      "to send a line break in a header",
      worker({ modelHeaders: { "x-a": "secret\r\nx-b: 1" } }),
      "modelHeaders.x-a: expected a value of visible ASCII characters, with blanks only between them, got [redacted]",
    ],
    [
      "to send a header twice",
      worker({ modelHeaders: { "x-a": "1", "X-A": "2" } }),
      "modelHeaders.X-A: expected each header once, in any case of its name, got [redacted]",
    ],
    [
      "to send a number as a header",
      worker({ modelHeaders: { "x-a": 1 } }),
      "modelHeaders.x-a: expected string, got [redacted]",
    ],
    [
      "to send credentials that cannot be read",
      worker({ modelServerUrl: "http://user:se%zz@host" }),
      "modelServerUrl: expected a user and a password that are percent-encoded, got 'http://[redacted]@host'",
    ],
    [
      "to speak another protocol with credentials",
      worker({ modelHealthcheckUrl: "ftp://user:secret@host" }),
      "modelHealthcheckUrl: expected a path that begins with \"/\", or an http: or https: URL, got 'ftp://[redacted]@host'",
    ],
    [
      "to have a header as the URL",
      worker({ modelServerUrl: { authorization: "Bearer secret" } }),
      "modelServerUrl: expected string, got { authorization: [redacted] }",
    ],
    ["to have no connections", worker({ maxConnections: 0 }), "maxConnections: "],
    ["to have half a connection", worker({ maxConnections: 1.5 }), "maxConnections: "],
    ["to allow bodies of no bytes", worker({ maxBodyBytes: 0 }), "maxBodyBytes: "],
    ["to allow bodies of 2 GiB", worker({ maxBodyBytes: 2 ** 31 }), "maxBodyBytes: "],
    ["to drain for a negative time", worker({ drainTimeout: -1 }), "drainTimeout: "],
    ["to drain for more than a day", worker({ drainTimeout: 86_401 }), "drainTimeout: "],
    [
      "to wait without end by Infinity",
      handler({ maxQueueTime: Number.POSITIVE_INFINITY }),
      "handlers[0].maxQueueTime: ",
    ],
    ["to have a concurrency of no integer", handler({ concurrency: 1.5 }), "handlers[0].concurrency: "],
    [
      "to have a concurrency beyond one where no parallel requests are allowed",
      handler({ allowParallelRequests: false, concurrency: 2 }),
      "handlers[0].concurrency: ",
    ],
    ["to have an unnamed queue", handler({ queue: "" }), "handlers[0].queue: "],
    ["to have a parser that is no function", handler({ requestParser: {} }), "handlers[0].requestParser: "],
    [
      "to have a generator of answers beside a function",
      handler({ remoteFunction: () => 1, responseGenerator: () => 1 }),
      "handlers[0].responseGenerator: ",
    ],
    [
      "to have a timeout that no timer can keep",
      handler({ timeouts: { headersMs: 2 ** 31 } }),
      "handlers[0].timeouts.headersMs: ",
    ],
    [
      "to have a dataset and a generator",
      benchmark({ ...BENCHMARK, dataset: [{}] }),
      "handlers[0].benchmarkConfig: ",
    ],
    ["to have an empty dataset", benchmark({ dataset: [] }), "handlers[0].benchmarkConfig.dataset: "],
    [
      "to have a dataset of other things than objects",
      benchmark({ dataset: [1] }),
      "handlers[0].benchmarkConfig.dataset[0]: ",
    ],
    ["to have no runs", benchmark({ ...BENCHMARK, runs: 0 }), "handlers[0].benchmarkConfig.runs: "],
    [
      "to have a benchmark without concurrency",
      benchmark({ ...BENCHMARK, concurrency: 0 }),
      "handlers[0].benchmarkConfig.concurrency: ",
    ],
    [
      "to look for onLoad without a log file",
      worker({ logActionConfig: { onLoad: ["a"] } }),
      "modelLogFile: ",
    ],
    [
      "to have no benchmark",
      worker({ handlers: [{ route: "/a" }] }),
      "handlers: expected exactly one handler with a benchmarkConfig, got [ { route: '/a' } ]",
    ],
    [
      "to have two benchmarks",
      worker({
        handlers: [
          { route: "/a", benchmarkConfig: BENCHMARK },
          { route: "/b", benchmarkConfig: BENCHMARK },
        ],
      }),
      "handlers: expected exactly one handler with a benchmarkConfig, got [ { route: '/a', ",
    ],
    [
      "to have a route twice",
      worker({ handlers: [{ route: "/a", benchmarkConfig: BENCHMARK }, { route: "/a" }] }),
      "handlers[1].route: ",
    ],
    [
      "to share a queue with another limit",
      worker({
        handlers: [
          { route: "/a", queue: "q", benchmarkConfig: BENCHMARK },
          { route: "/b", queue: "q", concurrency: 2 },
        ],
      }),
      "handlers[1].queue: expected the same concurrency as the other handlers of the queue \"q\" (1), got 'q'",
    ],
    [
      "to share a queue with another order",
      worker({
        handlers: [
          { route: "/a", queueOrder: "fair", benchmarkConfig: BENCHMARK },
          { route: "/b", allowParallelRequests: true },
          { route: "/c" },
        ],
      }),
      'handlers[2].queueOrder: expected "fair", as /a has, which shares the queue "serial" with /c, got undefined',
    ],
    [
      "to have an unknown order of turns",
      worker({ handlers: [{ route: "/a", queueOrder: "lifo", benchmarkConfig: BENCHMARK }] }),
      'handlers[0].queueOrder: expected "fifo" or "fair", got \'lifo\'',
    ],
    [
      "to have no model server while a handler needs one",
      { handlers: [{ route: "/a", benchmarkConfig: BENCHMARK }] },
      "modelServerUrl: expected the model server's URL, because a handler has no remoteFunction, got undefined",
    ],
    [
      "to have a port of no model server",
      { ...serverless, modelServerPort: 18000 },
      "modelServerPort: expected none without a modelServerUrl, got 18000",
    ],
    [
      "to have headers for no model server",
      { ...serverless, modelHeaders: { "x-a": "secret" } },
      "modelHeaders: expected none without a modelServerUrl, got [redacted]",
    ],
    [
      "to limit the connections to no model server",
      { ...serverless, maxConnections: 4 },
      "maxConnections: expected none without a modelServerUrl, got 4",
    ],
    [
      "to have a health path of no model server",
      { ...serverless, modelHealthcheckUrl: "/health" },
      "modelHealthcheckUrl: expected an absolute URL, because there is no modelServerUrl that a path could belong to, got '/health'",
    ],
  ])("%s", (_, config, fault) => {
    expect(errorsOf(config)).toEqual([expect.toSatisfy((text: string) => text.startsWith(fault))]);
  });

  test("but none to have a health URL beside no model server", () => {
    expect(errorsOf({ ...serverless, modelHealthcheckUrl: "http://127.0.0.1:9000/health" })).toEqual([]);
  });
});

describe("an invalid field is reported once, and no further rule applies to it:", () => {
  const benchmarked = { route: "/a", benchmarkConfig: BENCHMARK };
  const two = (first: object, second: object) =>
    worker({
      handlers: [
        { ...benchmarked, ...first },
        { route: "/b", ...second },
      ],
    });

  test.each([
    [
      "the concurrency of a serial handler",
      handler({ allowParallelRequests: false, concurrency: "2" }),
      ["handlers[0].concurrency"],
    ],
    [
      "the concurrency of a queue's first handler",
      two({ queue: "q", concurrency: "2" }, { queue: "q" }),
      ["handlers[0].concurrency"],
    ],
    [
      "the concurrency of a queue's second handler",
      two({ queue: "q" }, { queue: "q", concurrency: 0 }),
      ["handlers[1].concurrency"],
    ],
    [
      "whether a queue's handler is parallel",
      two({ queue: "q" }, { queue: "q", allowParallelRequests: "no" }),
      ["handlers[1].allowParallelRequests"],
    ],
    [
      "the name of a queue",
      two({ queue: 7 }, { queue: 7, concurrency: 2 }),
      ["handlers[0].queue", "handlers[1].queue"],
    ],
    [
      "a route",
      two({ route: undefined, concurrency: 2 }, { route: undefined, concurrency: 3 }),
      ["handlers[0].route", "handlers[1].route"],
    ],
    [
      "a function",
      handler({ remoteFunction: 7, responseGenerator: () => 1 }),
      ["handlers[0].remoteFunction"],
    ],
    [
      "a generator of answers",
      handler({ remoteFunction: () => 1, responseGenerator: 1 }),
      ["handlers[0].responseGenerator"],
    ],
    ["a benchmark", handler({ benchmarkConfig: 7 }), ["handlers[0].benchmarkConfig"]],
    ["a benchmark beside another", two({}, { benchmarkConfig: 7 }), ["handlers[1].benchmarkConfig"]],
    ["a handler", { handlers: [null, null], modelServerPort: 18000 }, ["handlers[0]", "handlers[1]"]],
    ["a model server", worker({ modelServerUrl: 7, modelHealthcheckUrl: "/health" }), ["modelServerUrl"]],
    ["the port of no model server", { ...serverless, modelServerPort: "18000" }, ["modelServerPort"]],
    ["the health URL of no model server", { ...serverless, modelHealthcheckUrl: 7 }, ["modelHealthcheckUrl"]],
    ["a log file", worker({ modelLogFile: 7, logActionConfig: { onLoad: ["a"] } }), ["modelLogFile"]],
    [
      "what is looked for in no log",
      worker({ logActionConfig: { onLoad: "a" } }),
      ["logActionConfig.onLoad"],
    ],
  ])("%s", (_, config, paths) => {
    expect(pathsOf(errorsOf(config))).toEqual(paths);
  });

  test("the others of its queue are compared with each other all the same", () => {
    const handlers = [
      { ...benchmarked, queue: "q", concurrency: 2 },
      { route: "/b", queue: "q", concurrency: "2" },
      { route: "/c", queue: "q", concurrency: 3 },
    ];
    expect(pathsOf(errorsOf(worker({ handlers })))).toEqual(["handlers[1].concurrency", "handlers[2].queue"]);
  });
});

test("errors between handlers are reported beside those within them", () => {
  const faults = errorsOf(worker({ maxSessions: -1, handlers: [{ route: "/a" }, { route: "/a" }] }));
  expect(pathsOf(faults)).toEqual(["handlers", "handlers[1].route", "maxSessions"]);
});
