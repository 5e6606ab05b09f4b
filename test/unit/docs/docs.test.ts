import { execFile } from "node:child_process";
import { basename } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { checkConfig } from "../../../src/worker/config/check-config.js";
import type { WorkerConfig } from "../../../src/worker/config/config.js";
import { compile, DOCUMENTS, deadLinks, rowsBelow, snippetsOf, textOf } from "../support/documents.js";

const texts = new Map(await Promise.all(DOCUMENTS.map(async (name) => [name, await textOf(name)] as const)));
const all = [...texts.values()].join("\n");

test("there is a page for each topic, and the README leads to all of them", () => {
  const pages = DOCUMENTS.filter((name) => name !== "README.md" && !/^docs\/decisions\/\d/.test(name));
  expect(pages.length).toBeGreaterThanOrEqual(4);
  for (const page of pages) expect(texts.get("README.md")).toContain(`(${page})`);
});

test("the index of decisions leads to each, and each has the same sections", () => {
  const index = texts.get("docs/decisions/README.md") ?? "";
  const decisions = DOCUMENTS.filter((name) => /^docs\/decisions\/\d/.test(name));
  expect(decisions.length).toBeGreaterThanOrEqual(5);
  for (const decision of decisions) {
    expect(index).toContain(`(${basename(decision)})`);
    const sections = [...(texts.get(decision) ?? "").matchAll(/^## (.+)$/gm)].map(([, section]) => section);
    expect(sections).toEqual(["Context", "Decision", "Measurement", "What would overturn it"]);
  }
});

test("all programs and snippets compile against the public API", async () => {
  const snippets = snippetsOf(all, "ts");
  expect(snippets.length).toBeGreaterThan(8);
  expect(await compile("documents", snippets)).toBe("");
}, 180_000);

describe.each(DOCUMENTS)("%s", (document) => {
  test("has no link that leads nowhere", async () => {
    expect(await deadLinks(document)).toEqual([]);
  });

  test("has tables whose rows have as many cells as their heads", () => {
    const lines = (texts.get(document) ?? "").split("\n");
    let cells = 0;
    for (const [index, line] of lines.entries()) {
      if (!line.startsWith("|")) continue;
      const count = line.split("|").length;
      if (!lines[index - 1]?.startsWith("|")) cells = count;
      expect(count, line).toBe(cells);
    }
  });
});

test("every worker.py is Python", async (context) => {
  const scripts = snippetsOf(all, "py");
  expect(scripts.length).toBeGreaterThan(0);
  const run = promisify(execFile);
  const python = await run("python3", ["--version"]).catch(() => undefined);
  if (python === undefined) context.skip("there is no python3");
  for (const script of scripts) {
    await run("python3", ["-c", "import ast, sys; ast.parse(sys.argv[1])", script]);
  }
});

test("a worker.py and its worker.ts configure the same", () => {
  const porting = texts.get("docs/porting.md") ?? "";
  const [python = ""] = snippetsOf(porting, "py");
  const [typescript = ""] = snippetsOf(porting, "ts");
  const inCamelCase = (name: string): string =>
    name.replaceAll(/_(\w)/g, (_, letter) => letter.toUpperCase());
  const options = [...python.matchAll(/^ +(\w+)=/gm)].map(([, name = ""]) => inCamelCase(name));
  expect(options.length).toBeGreaterThan(10);
  for (const option of options) expect(typescript).toContain(option);
  const texts_ = (text: string): readonly string[] =>
    [...text.matchAll(/'[^'\n]*'|"(?:[^"\n])*"/g)].map(([quoted]) => quoted.slice(1, -1));
  const literals = texts_(python).filter((text) => /^\/|\s/.test(text));
  expect(literals.length).toBeGreaterThan(5);
  for (const literal of literals) expect(typescript).toContain(literal);
});

test("every name of the Python worker's classes is on the page about porting, with an option of ours", () => {
  const porting = texts.get("docs/porting.md") ?? "";
  const rows = ["Configuration", "Payload classes", "Handler classes"].flatMap((heading) =>
    rowsBelow(porting, heading),
  );
  const ofOurs: Readonly<Record<string, string>> = {
    model_server_url: "modelServerUrl",
    model_server_port: "modelServerPort",
    model_log_file: "modelLogFile",
    model_healthcheck_url: "modelHealthcheckUrl",
    handlers: "handlers",
    max_sessions: "maxSessions",
    lifecycle: "lifecycle",
    log_action_config: "logActionConfig",
    allow_parallel_requests: "allowParallelRequests",
    max_queue_time: "maxQueueTime",
    workload_calculator: "workloadCalculator",
    request_parser: "requestParser",
    response_generator: "responseGenerator",
    remote_function: "remoteFunction",
    benchmark_config: "benchmarkConfig",
    do_warmup: "doWarmup",
    from_json_msg: "requestParser",
    count_workload: "workloadCalculator",
    generate_payload_json: "generatePayloadJson",
    generate_payload_multipart: "generatePayloadMultipart",
    for_test: "generator",
    endpoint: "modelRoute",
    healthcheck_endpoint: "modelHealthcheckUrl",
    make_benchmark_payload: "generator",
    generate_client_response: "responseGenerator",
    call_remote_dispatch_function: "remoteFunction",
    benchmark_runs: "runs",
    backlog: "backlog",
  };
  for (const [theirs, ours] of Object.entries(ofOurs)) {
    const isNamed = new RegExp(`\\b${theirs}\\b`);
    const row = rows.find(([first = "", second = ""]) => isNamed.test(first) && second.includes(ours));
    expect(row, theirs).toBeDefined();
  }
  for (const theirs of [
    "payload_class",
    "handler_class",
    "benchmark_data",
    "benchmark_route",
    "is_remote_dispatch",
  ])
    expect(
      rows.some(([first = ""]) => first.includes(theirs)),
      theirs,
    ).toBe(true);
});

test("the examples of configuration errors are the worker's messages", () => {
  const handler = { route: "/go", benchmarkConfig: { generator: () => ({}) } };
  const faulty: readonly (readonly [document: string, config: unknown])[] = [
    ...["README.md", "docs/configuration.md"].map(
      (document) =>
        [
          document,
          {
            modelServerUrl: "http://127.0.0.1",
            modelLogFile: 7,
            handlers: [{ ...handler, maxQueueTime: "60" }],
          },
        ] as const,
    ),
    ["docs/porting.md", { modelServerUrl: "http://127.0.0.1", max_sessions: 3, handlers: [handler] }],
  ];
  for (const [document, config] of faulty) {
    let message = "";
    try {
      checkConfig(config as WorkerConfig);
    } catch (error) {
      message = error instanceof Error ? error.message : String(error);
    }
    expect(snippetsOf(texts.get(document) ?? "", "")).toContain(`${message}\n`);
  }
});
