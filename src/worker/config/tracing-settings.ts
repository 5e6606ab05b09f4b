import { z } from "zod";
import { isHttpUrl, urlAt } from "../../shared/url.js";
import { checkCredentials, headerIssue, targetOf } from "./model-headers.js";

/** Which requests are recorded, as OpenTelemetry names it. */
export const SAMPLERS = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;
export type Sampler = (typeof SAMPLERS)[number];

/** Where traces are sent, from the variables of OpenTelemetry. */
export interface TracingSettings {
  /** `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, or `v1/traces` below `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  /** `OTEL_EXPORTER_OTLP_HEADERS`, and `OTEL_EXPORTER_OTLP_TRACES_HEADERS`, which takes precedence. */
  readonly headers: Readonly<Record<string, string>>;
  /** `OTEL_SERVICE_NAME`, and `OTEL_RESOURCE_ATTRIBUTES`. */
  readonly resource: Readonly<Record<string, string>>;
  /** `OTEL_TRACES_SAMPLER`. @default parentbased_always_on */
  readonly sampler: Sampler;
  /** `OTEL_TRACES_SAMPLER_ARG`: share of the traces, 0 to 1, of a sampler with a ratio. @default 1 */
  readonly ratio: number;
  /** `OTEL_EXPORTER_OTLP_TIMEOUT`: milliseconds for one export. @default 10000 */
  readonly timeoutMs: number;
  /** `OTEL_BSP_SCHEDULE_DELAY`: milliseconds between two exports. @default 5000 */
  readonly delayMs: number;
}

const text = z
  .string()
  .default("")
  .transform((value) => value.trim());

/** `name=value` pairs, separated by commas, with percent-encoded values. */
function pairsOf(list: string): readonly (readonly [name: string, value: string])[] | undefined {
  const pairs: [string, string][] = [];
  for (const part of list.split(",").filter((each) => each.trim() !== "")) {
    const [, name, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
    if (name === undefined || value === undefined) return undefined;
    try {
      pairs.push([name, decodeURIComponent(value)]);
    } catch {
      return undefined;
    }
  }
  return pairs;
}

const pairs = (isPair: (name: string, value: string) => boolean) =>
  text
    .refine(
      (list) => pairsOf(list)?.every(([name, value]) => isPair(name, value)) === true,
      "expected name=value pairs, separated by commas, with percent-encoded values",
    )
    .transform((list) => Object.fromEntries(pairsOf(list) ?? []));

const headers = pairs((name, value) => headerIssue(name, value) === undefined).transform((given) =>
  Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value])),
);

const endpoint = text
  .refine((url) => url === "" || isHttpUrl(url), "expected an http: or https: URL")
  .superRefine(checkCredentials);

const milliseconds = (otherwise: number, max: number) =>
  text
    .refine(
      (value) => value === "" || (/^\d+$/.test(value) && Number(value) >= 1 && Number(value) <= max),
      `expected milliseconds from 1 to ${max}`,
    )
    .transform((value) => Number(value || otherwise));

/** The variables of OpenTelemetry that the worker reads. */
export const tracingVariables = {
  OTEL_SDK_DISABLED: text,
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_HEADERS: headers,
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: headers,
  OTEL_EXPORTER_OTLP_PROTOCOL: text.refine(
    (protocol) => protocol.toLowerCase() !== "grpc",
    "expected http/json or http/protobuf, because traces are sent over HTTP",
  ),
  OTEL_EXPORTER_OTLP_TIMEOUT: milliseconds(10_000, 600_000),
  OTEL_BSP_SCHEDULE_DELAY: milliseconds(5000, 600_000),
  OTEL_SERVICE_NAME: text,
  OTEL_RESOURCE_ATTRIBUTES: pairs(() => true),
  OTEL_TRACES_SAMPLER: text
    .transform((name) => name.toLowerCase() || "parentbased_always_on")
    .pipe(z.enum(SAMPLERS, `expected one of ${SAMPLERS.join(", ")}`)),
  OTEL_TRACES_SAMPLER_ARG: text
    .refine(
      (value) => value === "" || (Number(value) >= 0 && Number(value) <= 1),
      "expected a number from 0 to 1",
    )
    .transform((value) => (value === "" ? 1 : Number(value))),
};

/** Those whose values are secrets. */
export const TRACING_SECRETS = ["OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"] as const;

type TracingVariables = {
  readonly [Name in keyof typeof tracingVariables]: z.infer<(typeof tracingVariables)[Name]>;
};

/** Settings for traces, or why there are none. */
export type Tracing =
  | { readonly kind: "off" }
  | { readonly kind: "on"; readonly settings: TracingSettings }
  /** An error for each variable. */
  | { readonly kind: "invalid"; readonly errors: readonly string[] };

/**
 * Reads the variables of traces. No traces are sent without an endpoint, or with `OTEL_SDK_DISABLED=true`. An error in them is
 * no reason not to start: the variables may be meant for the model server, whose traces go out by gRPC.
 *
 * @param shown a variable's value without secrets.
 */
export function readTracing(
  variables: NodeJS.ProcessEnv,
  shown: (name: string) => string | undefined,
): Tracing {
  const isOff = variables.OTEL_SDK_DISABLED?.trim().toLowerCase() === "true";
  const { OTEL_EXPORTER_OTLP_ENDPOINT = "", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT = "" } = variables;
  if (isOff || `${OTEL_EXPORTER_OTLP_ENDPOINT}${OTEL_EXPORTER_OTLP_TRACES_ENDPOINT}`.trim() === "")
    return { kind: "off" };
  const parsed = z.object(tracingVariables).safeParse(variables);
  if (parsed.success) return { kind: "on", settings: settingsOf(parsed.data) };
  const errors = parsed.error.issues.map(({ path, message }) => {
    const name = String(path[0]);
    return `${name}: ${message}, got ${JSON.stringify(shown(name))}`;
  });
  return { kind: "invalid", errors };
}

function settingsOf(variables: TracingVariables): TracingSettings {
  const base = variables.OTEL_EXPORTER_OTLP_ENDPOINT;
  const url = variables.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || urlAt(base, "v1/traces");
  const resource = variables.OTEL_RESOURCE_ATTRIBUTES;
  const name = variables.OTEL_SERVICE_NAME || resource["service.name"] || "tsworker";
  // User and password of the URL are a header.
  const target = targetOf(url, undefined);
  return {
    url: target.url,
    headers: {
      ...target.headers,
      ...variables.OTEL_EXPORTER_OTLP_HEADERS,
      ...variables.OTEL_EXPORTER_OTLP_TRACES_HEADERS,
    },
    resource: { ...resource, "service.name": name },
    sampler: variables.OTEL_TRACES_SAMPLER,
    ratio: variables.OTEL_TRACES_SAMPLER_ARG,
    timeoutMs: variables.OTEL_EXPORTER_OTLP_TIMEOUT,
    delayMs: variables.OTEL_BSP_SCHEDULE_DELAY,
  };
}
