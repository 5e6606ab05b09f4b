import { expect, test } from "vitest";
import { BENCHMARK, errorsOf, workerConfig } from "../../support/config.js";

const handler = (parts: object) =>
  workerConfig({ handlers: [{ route: "/go", benchmarkConfig: BENCHMARK, ...parts }] });
const worker = (parts: object) => ({ ...workerConfig(), ...parts });

test.each([
  ["another case", worker({ modelServerURL: "http://a" }), "modelServerURL", "did you mean modelServerUrl?"],
  ["PyWorker's", worker({ max_sessions: 3 }), "max_sessions", "did you mean maxSessions?"],
  [
    "one letter more",
    handler({ maxQueueTimes: 3 }),
    "handlers[0].maxQueueTimes",
    "did you mean maxQueueTime?",
  ],
  ["letters missing", handler({ maxQueTime: 3 }), "handlers[0].maxQueTime", "did you mean maxQueueTime?"],
  ["letters swapped", handler({ mulitpart: {} }), "handlers[0].mulitpart", "did you mean multipart?"],
  [
    "PyWorker's of a handler",
    handler({ workload_calculator: () => 1 }),
    "handlers[0].workload_calculator",
    "did you mean workloadCalculator?",
  ],
  [
    "PyWorker's payload class",
    handler({ payload_class: class {} }),
    "handlers[0].payload_class",
    "the methods of a payload class are the options requestParser, workloadCalculator, generatePayloadJson and generatePayloadMultipart",
  ],
  [
    "PyWorker's handler class",
    handler({ handlerClass: class {} }),
    "handlers[0].handlerClass",
    "the members of a handler class are options, such as modelRoute, responseGenerator and benchmarkConfig",
  ],
  [
    "one without effect in PyWorker",
    worker({ benchmark_data: [] }),
    "benchmark_data",
    "it has no effect in the Python worker either: leave it out",
  ],
  [
    "in a benchmark",
    handler({ benchmarkConfig: { ...BENCHMARK, do_warmup: false } }),
    "handlers[0].benchmarkConfig.do_warmup",
    "did you mean doWarmup?",
  ],
  [
    "in time-outs",
    handler({ timeouts: { idleMS: 1 } }),
    "handlers[0].timeouts.idleMS",
    "did you mean idleMs?",
  ],
  [
    "in a field of a form, whatever its name",
    handler({
      multipart: {
        files: { file: { extensions: ["mp3"], defaultFileName: "a.mp3", defaultFilename: "a.mp3" } },
      },
    }),
    "handlers[0].multipart.files.file.defaultFileName",
    "did you mean defaultFilename?",
  ],
  [
    "in lines to look for",
    worker({ logActionConfig: { on_load: [] } }),
    "logActionConfig.on_load",
    "did you mean onLoad?",
  ],
  [
    "where a boolean would do, too",
    worker({ inspect: { tokn: "x" } }),
    "inspect.tokn",
    "did you mean token?",
  ],
])("a name that is nearly one gets the right one as advice: %s", (_, config, path, advice) => {
  expect(errorsOf(config)).toEqual([`${path}: unknown option; ${advice}`]);
});

test.each([
  [worker({ maxQueueTime: 3 }), "maxQueueTime", "handlers[].maxQueueTime"],
  [worker({ do_warmup: false }), "do_warmup", "handlers[].benchmarkConfig.doWarmup"],
  [handler({ model_log_file: "x" }), "handlers[0].model_log_file", "modelLogFile"],
])("an option in the wrong place gets the right one as advice: %#", (config, path, place) => {
  expect(errorsOf(config)).toEqual([`${path}: unknown option here; ${place} is one`]);
});

test.each(["x", "runs2fast", "handler_class", "toString", "__proto_", "y".repeat(100_000)])(
  "a name that is near to none is unknown: %.20s",
  (name) => {
    expect(errorsOf(worker({ [name]: 1 }))).toEqual([`${name}: unknown option`]);
  },
);

test("an error within an object that may also be a boolean has its path", () => {
  expect(errorsOf(worker({ inspect: { port: "x" } }))).toEqual(["inspect.port: expected number, got 'x'"]);
});
