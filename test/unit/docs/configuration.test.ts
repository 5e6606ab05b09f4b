import { describe, expect, test } from "vitest";
import { z } from "zod";
import { apiKeysSchema } from "../../../src/worker/config/access-config.js";
import { checkConfig } from "../../../src/worker/config/check-config.js";
import type { WorkerConfig } from "../../../src/worker/config/config.js";
import { readEnvironment } from "../../../src/worker/config/environment.js";
import { tracingVariables } from "../../../src/worker/config/tracing-settings.js";
import { codeOf, rowsBelow, snippetsOf, textOf } from "../support/documents.js";
import { filesIn, textOf as sourceOf, withoutComments } from "../support/imports.js";
import { interfacesOf, type Property } from "../support/interfaces.js";

const page = await textOf("docs/configuration.md");
const interfaces = new Map(
  ["config", "handler-config", "access-config"].flatMap((file) => [
    ...interfacesOf(`src/worker/config/${file}.ts`),
  ]),
);

/** A minimal configuration; its parts are there to be filled with their defaults. */
const checked = checkConfig({
  modelServerUrl: "http://127.0.0.1",
  handlers: [
    {
      route: "/go",
      allowParallelRequests: true,
      benchmarkConfig: { generator: () => ({}) },
      multipart: { files: { file: { extensions: ["wav"], defaultFilename: "audio.wav" } } },
    },
  ],
});
const [handler] = checked.handlers;
const { payload: _, handler: __, ...benchmark } = checked.benchmark;

/** The defaults that are filled in. What a section needs to be there at all is not one of them. */
const FILLED_IN: Readonly<Record<string, object>> = {
  WorkerConfig: checked,
  HandlerConfig: {
    method: handler?.method,
    maxQueueTime: handler?.maxQueueTime,
    forwardQuery: handler?.forwardQuery,
    sseKeepAliveMs: handler?.sseKeepAliveMs,
  },
  BenchmarkConfig: benchmark,
  TimeoutsConfig: handler?.timeouts ?? {},
  MultipartConfig: { ...handler?.multipart, files: undefined },
  FileFieldConfig: {},
  OpenRouteConfig: {},
  LogActionConfig: checked.logActionConfig,
  HealthcheckConfig: checked.healthcheck,
  LifecycleConfig: {},
  MetricsConfig: checked.metrics,
  InspectConfig: {},
  ApiKeyConfig: { ...apiKeysSchema.parse([{ key: "sk-12345678" }])[0], name: undefined },
};

const isScalar = (value: unknown): boolean =>
  value === null || ["number", "boolean", "string"].includes(typeof value);

/** The first value behind `@default` in the TSDoc; undefined where there is none. */
const documentedDefault = ({ comment }: Property): string | undefined =>
  /@default "?([^\s",]+)/.exec(comment)?.[1];

const rowOf = (rows: readonly (readonly string[])[], name: string): readonly string[] =>
  rows.find(([first]) => codeOf(first) === name) ?? [];

test("the sections are the types of the configuration", () => {
  const types = [...interfaces.keys()].filter((name) => name.endsWith("Config"));
  expect(types.toSorted()).toEqual(Object.keys(FILLED_IN).toSorted());
  for (const type of types) expect(page).toMatch(new RegExp(`^## ${type}$`, "m"));
});

describe.each(Object.keys(FILLED_IN))("%s", (type) => {
  const properties = interfaces.get(type) ?? [];
  const rows = rowsBelow(page, type);

  test("has a row for each option, and for nothing else", () => {
    expect(properties.length).toBeGreaterThan(0);
    expect(rows.map(([first]) => codeOf(first)).toSorted()).toEqual(
      properties.map(({ name }) => name).toSorted(),
    );
  });

  test("lists which options are required", () => {
    const required = rows
      .filter(([, , otherwise]) => otherwise === "required")
      .map(([first]) => codeOf(first));
    expect(required).toEqual(properties.filter(({ isOptional }) => !isOptional).map(({ name }) => name));
  });

  test.each(properties.filter(({ isOptional }) => isOptional))("has the default of $name", (property) => {
    const [, , otherwise = ""] = rowOf(rows, property.name);
    const value: unknown = Reflect.get(FILLED_IN[type] ?? {}, property.name);
    const isGiven = type === "WorkerConfig" && property.name === "modelServerUrl";
    if (isScalar(value) && !isGiven) {
      expect(otherwise.startsWith(`\`${value}\``), `${otherwise} for ${value}`).toBe(true);
      expect(documentedDefault(property), "the TSDoc's @default").toBe(String(value));
    } else if (/^(?:\d+|true|false|null)$/.test(documentedDefault(property) ?? "")) {
      expect(codeOf(otherwise)).toBe(documentedDefault(property));
    } else {
      expect(otherwise).not.toBe("");
      expect(otherwise).not.toMatch(/^`(?:\d|true|false|null)/);
    }
  });
});

test("has the range of each number", () => {
  const numbers = Object.keys(FILLED_IN).flatMap((type) =>
    rowsBelow(page, type).filter(([, kind = ""]) => /^(?:integer|number)\b/.test(kind)),
  );
  expect(numbers.length).toBeGreaterThan(10);
  for (const [name, , , range] of numbers) expect(range, name).not.toBe("");
});

describe("the environment", () => {
  const rows = rowsBelow(page, "Environment");
  const least = {
    WORKER_PORT: "3000",
    VAST_TCP_PORT_3000: "40000",
    PUBLIC_IPADDR: "192.0.2.1",
    CONTAINER_ID: "7",
  };
  const environment = readEnvironment(least);
  const source = sourceOf("src/worker/config/environment.ts");

  /** What a property of the environment is read from, as its TSDoc begins. */
  const properties = (interfacesOf("src/worker/config/environment.ts").get("Environment") ?? [])
    .map((property) => ({
      ...property,
      variable: codeOf(property.comment),
    }))
    .filter(({ name }) => name !== "tracing");

  test("has a row for each variable, and for nothing else", () => {
    const variables = new Set([...source.matchAll(/^ {4}([A-Z_]+):/gm)].map(([, name = ""]) => name));
    expect(variables).toContain("WORKER_HTTP_HOST");
    const documented = rows.map(([first]) => codeOf(first));
    expect(documented.toSorted()).toEqual([...variables, "VAST_TCP_PORT_<WORKER_PORT>"].toSorted());
  });

  test("lists which variables are required", () => {
    const required = rows
      .filter(([, , otherwise]) => otherwise === "required")
      .map(([first]) => codeOf(first));
    expect(required.map((name) => name.replace("<WORKER_PORT>", "3000")).toSorted()).toEqual(
      Object.keys(least).toSorted(),
    );
    for (const name of Object.keys(least)) {
      expect(() => readEnvironment({ ...least, [name]: undefined }), name).toThrow();
    }
  });

  test.each(properties)("has the default of $variable", ({ name, variable }) => {
    const [, , otherwise = ""] = rowOf(rows, variable);
    const value: unknown = Reflect.get(environment, name);
    if (Object.hasOwn(least, variable)) expect(otherwise).toBe("required");
    else if (name === "httpPort") {
      expect(value).toBe(3001);
      expect(otherwise).toBe("`WORKER_PORT` + 1");
    } else if (value === undefined) expect(otherwise).toBe("none");
    else if (value === "") expect(otherwise).toBe("empty");
    else expect(codeOf(otherwise)).toBe(String(value));
  });

  test("every variable that is read anywhere in the worker has its place on the page", () => {
    const isBeside = /^src\/(?:client|engine|cli|deployment|load|simulator)\//;
    const read = filesIn("src")
      .filter((file) => !isBeside.test(file))
      .flatMap((file) =>
        [...withoutComments(sourceOf(file)).matchAll(/process\.env\.([A-Z_]+)/g)].map(
          ([, name = ""]) => name,
        ),
      );
    expect(read.length).toBeGreaterThan(0);
    for (const name of read) expect(page).toContain(`\`${name}\``);
  });

  test("the example of an error is the worker's message", () => {
    let message = "";
    try {
      readEnvironment({ ...least, VAST_TCP_PORT_8o80: "1", WORKER_PORT: "8o80", CONTAINER_ID: undefined });
    } catch (error) {
      message = error instanceof Error ? error.message : String(error);
    }
    expect(snippetsOf(page, "")).toContain(`${message}\n`);
  });
});

describe("the variables of traces", () => {
  const rows = rowsBelow(page, "Traces");

  test("have a row each, and nothing else has one", () => {
    expect(rows.map(([first]) => codeOf(first)).toSorted()).toEqual(Object.keys(tracingVariables).toSorted());
  });

  test.each(Object.entries(tracingVariables))("%s has its default on the page", (name, variable) => {
    const [, , otherwise = ""] = rowOf(rows, name);
    const value: unknown = variable.parse(undefined);
    if (name.endsWith("ENDPOINT")) expect([otherwise, value]).toEqual(["none", ""]);
    else if (name === "OTEL_SERVICE_NAME") expect(otherwise).toBe("`tsworker`");
    else if (typeof value === "object" || value === "") expect(otherwise).toBe("empty");
    else expect(codeOf(otherwise)).toBe(String(value));
  });
});

test("each combination that is documented as refused is refused", () => {
  const benchmarkConfig = { generator: () => ({}) };
  const go = { route: "/go", benchmarkConfig };
  const server = { modelServerUrl: "http://127.0.0.1" };
  const wav = { extensions: ["wav"], defaultFilename: "audio.wav" };
  const refused: readonly unknown[] = [
    { ...server, handlers: [{ route: "/go" }] },
    { ...server, handlers: [go, { ...go, route: "/other" }] },
    { ...server, handlers: [{ route: "/go", benchmarkConfig: {} }] },
    { ...server, handlers: [{ route: "/go", benchmarkConfig: { ...benchmarkConfig, dataset: [{}] } }] },
    { ...server, handlers: [go, { route: "/go" }] },
    { ...server, handlers: [go, { route: "/é" }, { route: "/%c3%a9" }] },
    ...["/session/create", "/session/get", "/session/health", "/session/end", "/pyworker/update"].map(
      (route) => ({
        ...server,
        handlers: [{ ...go, route }],
      }),
    ),
    { ...server, handlers: [{ ...go, allowParallelRequests: false, concurrency: 2 }] },
    {
      ...server,
      handlers: [
        { ...go, queue: "a" },
        { route: "/b", queue: "a", concurrency: 2 },
      ],
    },
    { handlers: [{ ...go, remoteFunction: () => 1, responseGenerator: () => new Response() }] },
    { handlers: [{ ...go, remoteFunction: () => 1, multipart: { files: {} } }] },
    { handlers: [{ ...go, remoteFunction: () => 1, forwardQuery: true }] },
    { handlers: [{ ...go, remoteFunction: () => 1, sseKeepAliveMs: 1000 }] },
    { handlers: [{ ...go, remoteFunction: () => 1, modelRoute: "/other" }] },
    { handlers: [{ ...go, remoteFunction: () => 1, generatePayloadJson: () => ({}) }] },
    { handlers: [{ ...go, remoteFunction: () => 1, generatePayloadMultipart: () => ({}) }] },
    ...["generatePayloadJson", "generatePayloadMultipart"].flatMap((option) => [
      { ...server, handlers: [{ ...go, multipart: { files: { file: wav } }, [option]: () => ({}) }] },
      { ...server, handlers: [go, { route: "/ws", websocket: true, [option]: () => ({}) }] },
    ]),
    ...[
      [{ route: "/go", method: "POST", text: "a" }],
      [{ route: "/go", method: "*", text: "a" }],
      [
        { route: "/a", text: "a" },
        { route: "/a", method: "HEAD", text: "a" },
      ],
      [{ route: "/ws", text: "a" }],
      [{ route: "/a", text: "a", respond: () => new Response() }],
      [{ route: "/a", method: "POST" }],
      [{ route: "/a", text: "a", modelRoute: "/b" }],
      [{ route: "/session/end", method: "GET", text: "a" }],
    ].map((openRoutes) => ({ ...server, handlers: [go, { route: "/ws", websocket: true }], openRoutes })),
    { openRoutes: [{ route: "/a" }], handlers: [{ ...go, remoteFunction: () => 1 }] },
    { ...server, handlers: [{ ...go, payloadSchema: z.object(), requestParser: () => ({}) }] },
    { ...server, handlers: [go, { route: "/ws", websocket: true, sseKeepAliveMs: 1000 }] },
    { ...server, handlers: [{ ...go, websocket: true }] },
    { ...server, handlers: [go, { route: "/ws", websocket: true, responseGenerator: () => new Response() }] },
    { handlers: [go] },
    { modelServerPort: 1, handlers: [{ ...go, remoteFunction: () => 1 }] },
    { modelHeaders: { "x-a": "1" }, handlers: [{ ...go, remoteFunction: () => 1 }] },
    { maxConnections: 1, handlers: [{ ...go, remoteFunction: () => 1 }] },
    { metrics: { modelMetrics: "/metrics" }, handlers: [{ ...go, remoteFunction: () => 1 }] },
    { modelHealthcheckUrl: "/health", handlers: [{ ...go, remoteFunction: () => 1 }] },
    { ...server, readiness: "log", handlers: [go] },
    { ...server, readiness: "either", handlers: [go] },
    { ...server, logActionConfig: { onLoad: ["x"] }, handlers: [go] },
    { ...server, max_sessions: 3, handlers: [go] },
  ];
  for (const config of refused) expect(() => checkConfig(config as WorkerConfig)).toThrow(/has \d errors?:/);
  expect(() => checkConfig({ ...server, handlers: [go] })).not.toThrow();
  const openRoutes = ["GET", "PUT", "DELETE"].map((method) => ({ route: "/go", method, text: method }));
  expect(() => checkConfig({ ...server, handlers: [go], openRoutes })).not.toThrow();
});
