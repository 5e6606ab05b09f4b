import { describe, expect, test } from "vitest";
import { TsworkerError } from "../../../../src/shared/errors.js";
import { readEnvironment } from "../../../../src/worker/config/environment.js";

const SOUND = {
  WORKER_PORT: "3000",
  PUBLIC_IPADDR: "203.0.113.7",
  VAST_TCP_PORT_3000: "41000",
  CONTAINER_ID: "17",
};

/** The environment of a worker, with the variables of the test; undefined removes one. */
const read = (variables: NodeJS.ProcessEnv = {}) => readEnvironment({ ...SOUND, ...variables });

function errorsOf(variables: NodeJS.ProcessEnv): readonly string[] {
  try {
    readEnvironment(variables);
  } catch (error) {
    if (!(error instanceof TsworkerError) || error.code !== "ENVIRONMENT_INVALID") throw error;
    const [head, ...faults] = error.message.split("\n");
    expect(head).toBe(
      `the worker's environment has ${faults.length === 1 ? "1 error" : `${faults.length} errors`}:`,
    );
    return faults.map((fault) => fault.trim());
  }
  return [];
}

describe("the environment", () => {
  test("has the model's key without the blanks around it, and does not show an invalid one", () => {
    expect(read({ MODEL_API_KEY: " sk-1\n" }).modelApiKey).toBe("sk-1");
    expect(read({ MODEL_API_KEY: " " }).modelApiKey).toBeUndefined();
    expect(errorsOf({ ...SOUND, MODEL_API_KEY: "sk 1" })).toEqual([
      'MODEL_API_KEY: expected visible ASCII characters without blanks, got "[redacted]"',
    ]);
    expect(errorsOf({ ...SOUND, MODEL_HEALTH_ENDPOINT: "http://u:%zz@host/health" })).toEqual([
      'MODEL_HEALTH_ENDPOINT: expected a user and a password that are percent-encoded, got "http://[redacted]@host/health"',
    ]);
  });

  test("needs no more than port, address and id", () => {
    expect(read()).toEqual({
      accessMode: "signature",
      apiKeys: [],
      apiKeysFile: undefined,
      openAnywhere: false,
      tracing: { kind: "off" },
      port: 3000,
      httpPort: 3001,
      httpHost: "127.0.0.1",
      server: "auto",
      useSsl: false,
      certificateFile: "/etc/instance.crt",
      certificateKeyFile: "/etc/instance.key",
      publicUrl: "http://203.0.113.7:41000",
      workerId: 17,
      reportAddresses: ["https://run.vast.ai"],
      masterToken: "",
      forceUpdateFile: "/.force_update",
      benchmarkFile: ".has_benchmark",
      unsecured: false,
      healthEndpoint: undefined,
      modelApiKey: undefined,
      pickerMetrics: false,
      logLevel: "info",
      inspect: false,
      inspectToken: undefined,
      inspectStately: undefined,
    });
  });

  test("is read whole", () => {
    expect(
      read({
        USE_SSL: "true",
        SSL_CERTIFICATE: "/run/tls.crt",
        SSL_CERTIFICATE_KEY: "/run/tls.key",
        FORCE_UPDATE_FILE: "/run/update",
        BENCHMARK_FILE: "/run/benchmark",
        REPORT_ADDR: "http://a, https://b/base/ ",
        MASTER_TOKEN: "secret",
        UNSECURED: "1",
        MODEL_HEALTH_ENDPOINT: "/health",
        ENDPOINT_PICKER_METRICS: "yes",
        LOG_LEVEL: "debug",
        WORKER_HTTP_PORT: "4000",
        WORKER_HTTP_HOST: "0.0.0.0",
        HTTP_SERVER: "Node",
        INSPECT: "1",
        INSPECT_TOKEN: "a token",
        INSPECT_STATELY: "ws://localhost:8080",
      }),
    ).toEqual({
      accessMode: "signature",
      apiKeys: [],
      apiKeysFile: undefined,
      openAnywhere: false,
      tracing: { kind: "off" },
      port: 3000,
      httpPort: 4000,
      httpHost: "0.0.0.0",
      server: "node",
      useSsl: true,
      certificateFile: "/run/tls.crt",
      certificateKeyFile: "/run/tls.key",
      publicUrl: "https://203.0.113.7:41000",
      workerId: 17,
      reportAddresses: ["http://a", "https://b/base"],
      masterToken: "secret",
      forceUpdateFile: "/run/update",
      benchmarkFile: "/run/benchmark",
      unsecured: true,
      healthEndpoint: "/health",
      pickerMetrics: true,
      logLevel: "debug",
      inspect: true,
      inspectToken: "a token",
      inspectStately: "ws://localhost:8080",
    });
  });

  test("may have spaces around its values", () => {
    const { port, publicUrl, workerId } = read({
      WORKER_PORT: " 3000 ",
      PUBLIC_IPADDR: " 203.0.113.7\n",
      VAST_TCP_PORT_3000: "41000 ",
      CONTAINER_ID: " 17",
    });
    expect({ port, publicUrl, workerId }).toEqual({
      port: 3000,
      publicUrl: "http://203.0.113.7:41000",
      workerId: 17,
    });
  });

  test("puts a public IPv6 address into brackets", () => {
    expect(read({ PUBLIC_IPADDR: "2001:db8::7" })).toMatchObject({ publicUrl: "http://[2001:db8::7]:41000" });
  });

  test("names the public port after the port", () => {
    expect(read({ WORKER_PORT: "8080", VAST_TCP_PORT_8080: "5" }).publicUrl).toBe("http://203.0.113.7:5");
  });
});

describe.each([
  ["UNSECURED", "unsecured"],
  ["INSPECT", "inspect"],
] as const)("%s, as Python's strtobool reads it", (name, property) => {
  test.each(["true", "1", "yes", "on", "y", "t", "TRUE", "Yes", "oN", "Y", "T", " true "])(
    "is a yes: %j",
    (word) => {
      expect(read({ [name]: word })[property]).toBe(true);
    },
  );

  test.each([undefined, "", "false", "0", "no", "off", "n", "f", "F", "No"])("is a no: %j", (word) => {
    expect(read({ [name]: word })[property]).toBe(false);
  });

  test.each(["2", "true!", "yess", "None"])("is an error: %j", (word) => {
    expect(errorsOf({ ...SOUND, [name]: word })).toEqual([
      `${name}: expected one of y, yes, t, true, on, 1 for yes, or n, no, f, false, off, 0 for no, got "${word}"`,
    ]);
  });
});

describe("WORKER_HOST and WORKER_BACKLOG", () => {
  test("set where the public server listens, and how many connections may wait there", () => {
    expect(read()).toMatchObject({ host: undefined, backlog: undefined });
    expect(read({ WORKER_HOST: " ", WORKER_BACKLOG: "" })).toMatchObject({
      host: undefined,
      backlog: undefined,
    });
    expect(read({ WORKER_HOST: " 10.0.0.1 ", WORKER_BACKLOG: "2048" })).toMatchObject({
      host: "10.0.0.1",
      backlog: 2048,
    });
    expect(errorsOf({ ...SOUND, WORKER_BACKLOG: "0" })).toEqual([
      'WORKER_BACKLOG: expected an integer from 1 to 65535, got "0"',
    ]);
  });
});

describe("USE_SSL", () => {
  test.each([
    ["true", true],
    ["True", true],
    ["1", false],
    ["yes", false],
    ["false", false],
    ["", false],
  ])("%j is %s", (USE_SSL, useSsl) => {
    expect(read({ USE_SSL }).useSsl).toBe(useSsl);
  });
});

describe("REPORT_ADDR", () => {
  test.each([
    ["http://a,https://b", ["http://a", "https://b"]],
    [" http://a/ ,, http://b// ,", ["http://a", "http://b"]],
    ["http://a/base/path/", ["http://a/base/path"]],
    ["", ["https://run.vast.ai"]],
    [" , ", ["https://run.vast.ai"]],
  ])("%j is %j", (REPORT_ADDR, reportAddresses) => {
    expect(read({ REPORT_ADDR }).reportAddresses).toEqual(reportAddresses);
  });
});

describe("MODEL_HEALTH_ENDPOINT", () => {
  test.each(["/health", "http://127.0.0.1:9000/health"])("may be %s", (MODEL_HEALTH_ENDPOINT) => {
    expect(read({ MODEL_HEALTH_ENDPOINT }).healthEndpoint).toBe(MODEL_HEALTH_ENDPOINT);
  });

  test("is none when it is empty", () => {
    expect(read({ MODEL_HEALTH_ENDPOINT: "" }).healthEndpoint).toBeUndefined();
  });
});

describe("LOG_LEVEL", () => {
  test.each([
    ["DEBUG", "debug"],
    [" warn ", "warn"],
    ["", "info"],
  ])("%j is %s", (LOG_LEVEL, logLevel) => {
    expect(read({ LOG_LEVEL }).logLevel).toBe(logLevel);
  });
});

describe("an environment error", () => {
  test.each([
    ["WORKER_PORT", "http", "expected a port number from 1 to 65535"],
    ["WORKER_PORT", "0", "expected a port number from 1 to 65535"],
    ["WORKER_PORT", "65536", "expected a port number from 1 to 65535"],
    ["WORKER_PORT", "3000.5", "expected a port number from 1 to 65535"],
    ["VAST_TCP_PORT_3000", "-1", "expected a port number from 1 to 65535"],
    ["VAST_TCP_PORT_3000", "", "expected a port number from 1 to 65535"],
    ["CONTAINER_ID", "abc", "expected an integer"],
    ["CONTAINER_ID", "1e400", "expected an integer"],
    ["CONTAINER_ID", "99999999999999999999", "expected an integer"],
    ["PUBLIC_IPADDR", " ", "expected the worker's public address"],
    ["REPORT_ADDR", "engine.example", "expected http: or https: URLs, separated by commas"],
    ["REPORT_ADDR", "http://a,b", "expected http: or https: URLs, separated by commas"],
    ["MODEL_HEALTH_ENDPOINT", "health", 'expected a path that begins with "/", or an http: or https: URL'],
    ["LOG_LEVEL", "loud", "expected one of fatal, error, warn, info, debug, trace, silent"],
  ])("%s=%s has its name, what was expected and what was found", (name, value, expected) => {
    expect(errorsOf({ ...SOUND, [name]: value })).toContain(
      `${name}: ${expected}, got ${JSON.stringify(value)}`,
    );
  });

  test.each([
    ["PUBLIC_IPADDR", "expected the worker's public address"],
    ["VAST_TCP_PORT_3000", "expected a port number from 1 to 65535"],
    ["CONTAINER_ID", "expected an integer"],
  ])("%s that is missing is reported as not set", (name, expected) => {
    expect(errorsOf({ ...SOUND, [name]: undefined })).toEqual([`${name}: ${expected}, but it is not set`]);
  });

  test("is reported together with all others", () => {
    expect(
      errorsOf({ REPORT_ADDR: "x", LOG_LEVEL: "loud" })
        .map((fault) => fault.split(":")[0])
        .toSorted(),
    ).toEqual([
      "CONTAINER_ID",
      "LOG_LEVEL",
      "PUBLIC_IPADDR",
      "REPORT_ADDR",
      "VAST_TCP_PORT_<WORKER_PORT>",
      "WORKER_PORT",
    ]);
  });

  test("never contains the token", () => {
    const faults = errorsOf({ MASTER_TOKEN: "the-secret-token", WORKER_PORT: "x" });
    expect(faults.join()).not.toContain("the-secret-token");
  });
});
