import { describe, expect, test } from "vitest";
import { inspectOptionsOf } from "../../../../src/inspector/recorder/inspection.js";
import { checkConfig } from "../../../../src/worker/config/check-config.js";
import type { WorkerConfig } from "../../../../src/worker/config/config.js";
import { readEnvironment } from "../../../../src/worker/config/environment.js";

const optionsOf = (inspect?: WorkerConfig["inspect"], variables: Readonly<Record<string, string>> = {}) =>
  inspectOptionsOf(
    checkConfig({
      handlers: [{ route: "/go", remoteFunction: () => 1, benchmarkConfig: { dataset: [{}] } }],
      ...(inspect !== undefined && { inspect }),
    }),
    readEnvironment({
      WORKER_PORT: "3000",
      VAST_TCP_PORT_3000: "3000",
      PUBLIC_IPADDR: "127.0.0.1",
      CONTAINER_ID: "1",
      ...variables,
    }),
  );

describe("there is no inspector", () => {
  test.each([[undefined], [false]])("where it is not enabled (%s)", (inspect) => {
    expect(optionsOf(inspect)).toBeUndefined();
    expect(optionsOf(inspect, { INSPECT: "0", INSPECT_TOKEN: "t" })).toBeUndefined();
  });
});

describe("there is one on the second server", () => {
  const usual = {
    host: "127.0.0.1",
    port: 3001,
    isOnSecondServer: true,
    token: undefined,
    events: 5000,
    stately: undefined,
  };

  test.each(["1", "true", "yes", "ON"])("by INSPECT=%s", (INSPECT) => {
    expect(optionsOf(undefined, { INSPECT })).toEqual(usual);
  });

  test.each([[true], [{}]])("by inspect: %j", (inspect) => {
    expect(optionsOf(inspect)).toEqual(usual);
  });

  test("by INSPECT_STATELY, which names a relay", () => {
    const variables = { INSPECT_STATELY: "ws://localhost:8080" };
    expect(optionsOf(undefined, variables)).toEqual({ ...usual, stately: "ws://localhost:8080" });
  });

  test("wherever that one is", () => {
    expect(optionsOf(true, { WORKER_HTTP_PORT: "4000", WORKER_HTTP_HOST: "localhost" })).toMatchObject({
      host: "localhost",
      port: 4000,
      isOnSecondServer: true,
    });
  });
});

test("there is one on a server of its own where port or host are others", () => {
  expect(optionsOf({ port: 3002, events: 10 })).toMatchObject({
    host: "127.0.0.1",
    port: 3002,
    isOnSecondServer: false,
    events: 10,
  });
});

describe("a token", () => {
  test("is the configuration's before the environment's", () => {
    expect(optionsOf({ token: "a" }, { INSPECT_TOKEN: "b" })?.token).toBe("a");
    expect(optionsOf(true, { INSPECT_TOKEN: "b" })?.token).toBe("b");
    expect(optionsOf(true, { INSPECT_TOKEN: "" })?.token).toBeUndefined();
  });

  test.each(["127.0.0.1", "127.1.2.3", "::1", "localhost"])("is not required at %s", (host) => {
    expect(optionsOf({ host, port: 3002 })).toMatchObject({ host, token: undefined });
  });

  test.each(["0.0.0.0", "::", "10.0.0.1", "worker.example.com", "127.0.0.1.example.com"])(
    "is needed at %s",
    (host) => {
      expect(() => optionsOf({ host, port: 3002 })).toThrow(
        `the inspector would be open to every client that reaches ${host}:3002: expected a token (INSPECT_TOKEN, or inspect.token)`,
      );
      expect(optionsOf({ host, port: 3002, token: "t" })).toMatchObject({ host, token: "t" });
    },
  );

  test("is needed where the second server is open to others", () => {
    expect(() => optionsOf(true, { WORKER_HTTP_HOST: "0.0.0.0" })).toThrow("expected a token");
  });
});

test.each([3000, 3001])("its port is none that the worker has already: %i", (port) => {
  expect(() => optionsOf({ port, host: "localhost" })).toThrow(
    `inspect.port: expected a port that no other server of the worker has, got ${port}`,
  );
});

test.each([
  [{ port: 0 }, "inspect.port"],
  [{ port: 70_000 }, "inspect.port"],
  [{ host: "" }, "inspect.host"],
  [{ token: "" }, "inspect.token"],
  [{ events: 0 }, "inspect.events"],
  [{ events: 1e9 }, "inspect.events"],
  [{ color: "red" }, "inspect"],
  ["yes", "inspect"],
])("%j is an error that names the variable", (inspect, path) => {
  expect(() => optionsOf(inspect as never)).toThrow(path);
});

test.each(["http://localhost", "ws://", "localhost:8080", "ws://localhost/#a"])(
  "an invalid address of a relay is an environment error: %s",
  (INSPECT_STATELY) => {
    expect(() => optionsOf(undefined, { INSPECT_STATELY })).toThrow(
      `INSPECT_STATELY: expected a ws: or wss: URL without a fragment, got "${INSPECT_STATELY}"`,
    );
  },
);
