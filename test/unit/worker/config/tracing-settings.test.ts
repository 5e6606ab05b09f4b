import { expect, test } from "vitest";
import { readEnvironment } from "../../../../src/worker/config/environment.js";

const SOUND = {
  WORKER_PORT: "3000",
  PUBLIC_IPADDR: "203.0.113.7",
  VAST_TCP_PORT_3000: "41000",
  CONTAINER_ID: "17",
};
const BASE = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" };

const read = (variables: NodeJS.ProcessEnv) => readEnvironment({ ...SOUND, ...variables }).tracing;

const tracing = (variables: NodeJS.ProcessEnv) => {
  const result = read(variables);
  return result.kind === "on" ? result.settings : undefined;
};

const errorsOf = (variables: NodeJS.ProcessEnv) => {
  const result = read(variables);
  return result.kind === "invalid" ? result.errors : [];
};

test("no traces are sent without an endpoint, or when they are disabled", () => {
  expect(tracing({ OTEL_SERVICE_NAME: "a" })).toBeUndefined();
  expect(tracing({ OTEL_EXPORTER_OTLP_ENDPOINT: "" })).toBeUndefined();
  expect(tracing({ ...BASE, OTEL_SDK_DISABLED: " True " })).toBeUndefined();
  expect(tracing({ ...BASE, OTEL_SDK_DISABLED: "no" })).toBeDefined();
});

test("an endpoint is enough", () => {
  expect(tracing(BASE)).toEqual({
    url: "http://collector:4318/v1/traces",
    headers: {},
    resource: { "service.name": "tsworker" },
    sampler: "parentbased_always_on",
    ratio: 1,
    timeoutMs: 10_000,
    delayMs: 5000,
  });
});

test("the variables of traces take precedence, and values are decoded", () => {
  expect(
    tracing({
      ...BASE,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://user:word@other/x",
      OTEL_EXPORTER_OTLP_HEADERS: "X-Tenant = a%20b ,x-b=1",
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: "x-b=2=",
      OTEL_RESOURCE_ATTRIBUTES: "service.name=of-the-attributes,k8s.pod.name=p",
      OTEL_TRACES_SAMPLER: "TraceIdRatio",
      OTEL_TRACES_SAMPLER_ARG: "0.25",
    }),
  ).toMatchObject({
    url: "https://other/x",
    headers: { authorization: "Basic dXNlcjp3b3Jk", "x-tenant": "a b", "x-b": "2=" },
    resource: { "service.name": "of-the-attributes", "k8s.pod.name": "p" },
    sampler: "traceidratio",
    ratio: 0.25,
  });
});

test.each([
  ["OTEL_EXPORTER_OTLP_ENDPOINT", "grpc://collector:4317", "expected an http: or https: URL"],
  ["OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "expected http/json or http/protobuf"],
  ["OTEL_EXPORTER_OTLP_TIMEOUT", "0", "expected milliseconds from 1 to 600000"],
  ["OTEL_BSP_SCHEDULE_DELAY", "soon", "expected milliseconds from 1 to 600000"],
  ["OTEL_RESOURCE_ATTRIBUTES", "name", "expected name=value pairs"],
  ["OTEL_RESOURCE_ATTRIBUTES", "name=%zz", "expected name=value pairs"],
  ["OTEL_TRACES_SAMPLER", "sometimes", "expected one of always_on"],
  ["OTEL_TRACES_SAMPLER_ARG", "1.5", "expected a number from 0 to 1"],
])("%s=%s is an error that says what was expected, and no reason not to start", (name, value, expected) => {
  expect(errorsOf({ ...BASE, [name]: value })).toEqual([expect.stringContaining(`${name}: ${expected}`)]);
  expect(errorsOf({ ...BASE, [name]: value })).toEqual([expect.stringContaining(`got "${value}"`)]);
});

test("what is not used is not checked", () => {
  const grpc = { OTEL_EXPORTER_OTLP_ENDPOINT: "grpc://collector:4317", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" };
  expect(errorsOf(grpc)).toHaveLength(2);
  expect(read({ ...grpc, OTEL_SDK_DISABLED: "true" })).toEqual({ kind: "off" });
  expect(read({ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" })).toEqual({ kind: "off" });
});

test("headers that are not valid are not shown", () => {
  expect(errorsOf({ ...BASE, OTEL_EXPORTER_OTLP_HEADERS: "host=secret" })).toEqual([
    expect.stringContaining('got "[redacted]"'),
  ]);
});
