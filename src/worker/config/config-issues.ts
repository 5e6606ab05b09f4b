import { inspect } from "node:util";
import type { ZodError } from "zod";
import { scrubber } from "../../shared/scrubber.js";
import { handlerName, queuePlace } from "./config-schema.js";
import type { HandlerConfig } from "./handler-config.js";
import type { OptionAdvice } from "./option-advice.js";
import { fieldPath } from "./payload-schema.js";
import { hasParameters, patternOf, RESERVED_ROUTES } from "./route-path.js";

/** A configuration error: where, and what was expected. */
interface Issue {
  readonly path: readonly PropertyKey[];
  readonly expected: string;
  /** There is no such option: its value is not shown. */
  readonly isUnknown?: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/** Whether a field has an error of its own: then no rule that involves it is checked. */
type HasIssue = (path: readonly PropertyKey[]) => boolean;

const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null ? (value as Fields) : {};

/** The options that are given: `null` is the same as leaving one out, where it is allowed. */
const optionsOf = (value: unknown): Fields =>
  Object.fromEntries(Object.entries(fieldsOf(value)).filter(([, option]) => option !== null));

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Errors of single fields. The type that zod received is cut off: the value follows. */
function fieldIssues(
  found: ZodError["issues"],
  advice: OptionAdvice,
  base: readonly PropertyKey[] = [],
): Issue[] {
  return found.flatMap((issue): Issue[] => {
    const path = [...base, ...issue.path];
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        path: [...path, key],
        expected: advice(path, key),
        isUnknown: true,
      }));
    }
    // Of the kinds of values, the intended one has its error further in.
    const meant =
      issue.code === "invalid_union"
        ? issue.errors.find(([first]) => first && first.path.length > 0)
        : undefined;
    if (meant !== undefined) return fieldIssues(meant, advice, path);
    const expected = issue.message
      .replace(/^(?:Invalid input|Too small|Too big): /, "")
      .replace(/, received \w+$/, "");
    return [{ path, expected }];
  });
}

/** A route in the form in which clients send it; other values unchanged. */
const pathOf = ({ route }: Fields): unknown => (typeof route === "string" ? patternOf(route) : route);

/** Method and path of a handler. */
const placeOf = (handler: Fields): string => `${handler.method ?? "POST"} ${pathOf(handler)}`;

/** Options of a handler that exclude others. */
const EXCLUSIVE: readonly (readonly [option: string, reason: string, others: readonly string[]])[] = [
  [
    "remoteFunction",
    "which makes the answer itself",
    [
      "responseGenerator",
      "multipart",
      "forwardQuery",
      "forwardHeaders",
      "sseKeepAliveMs",
      "modelRoute",
      "generatePayloadJson",
      "generatePayloadMultipart",
    ],
  ],
  ["multipart", "which makes the body of the payload", ["generatePayloadJson", "generatePayloadMultipart"]],
  ["payloadSchema", "which parses the payload", ["requestParser"]],
  [
    "websocket",
    "which passes frames on",
    [
      "remoteFunction",
      "responseGenerator",
      "multipart",
      "benchmarkConfig",
      "sseKeepAliveMs",
      "generatePayloadJson",
      "generatePayloadMultipart",
    ],
  ],
];

/** Errors in combinations of options of one handler. */
function handlerIssues(handler: Fields, path: readonly PropertyKey[], hasIssue: HasIssue): Issue[] {
  const { allowParallelRequests, concurrency = 1 } = handler;
  const issues: Issue[] = [];
  if (RESERVED_ROUTES.includes(String(pathOf(handler)))) {
    issues.push({
      path: [...path, "route"],
      expected: "expected a route that the worker does not serve itself",
    });
  }
  const isPost = handler.method === undefined || handler.method === "POST";
  if (!isPost && handler.benchmarkConfig !== undefined) {
    issues.push({ path: [...path, "method"], expected: "expected POST beside a benchmarkConfig" });
  }
  if (handler.websocket === true) {
    if (handler.method !== undefined)
      issues.push({ path: [...path, "method"], expected: "expected none beside websocket" });
    if (hasParameters(String(handler.route)))
      issues.push({ path: [...path, "route"], expected: "expected no parameters beside websocket" });
  }
  if (hasParameters(String(handler.route)) && handler.benchmarkConfig !== undefined) {
    issues.push({ path: [...path, "route"], expected: "expected no parameters beside a benchmarkConfig" });
  }
  if (allowParallelRequests === false && concurrency !== 1) {
    issues.push({
      path: [...path, "concurrency"],
      expected: "expected 1 or nothing where allowParallelRequests is false",
    });
  }
  for (const [option, reason, others] of EXCLUSIVE) {
    if (handler[option] === undefined || handler[option] === false || hasIssue([...path, option])) continue;
    for (const other of others) {
      if (handler[other] === undefined) continue;
      issues.push({ path: [...path, other], expected: `expected none beside ${option}, ${reason}` });
    }
  }
  return issues;
}

/** Errors in combinations of handlers. */
function issuesBetween(handlers: readonly Fields[], hasIssue: HasIssue): Issue[] {
  const issues: Issue[] = [];
  const routes = new Set<unknown>();
  const limits = new Map<string, number>();
  const orders = new Map<string, { readonly order: unknown; readonly of: unknown }>();
  handlers.forEach((handler, index) => {
    const path = ["handlers", index];
    issues.push(...handlerIssues(handler, path, hasIssue));
    const place = placeOf(handler);
    const name = handlerName(handler as unknown as HandlerConfig);
    if (routes.has(place)) {
      issues.push({ path: [...path, "route"], expected: "expected a route that no other handler has" });
    }
    routes.add(place);
    const queueFields = [
      "allowParallelRequests",
      "concurrency",
      handler.queue === undefined ? "route" : "queue",
    ];
    if (queueFields.some((field) => hasIssue([...path, field]))) return;
    const { queue, limit } = queuePlace(handler as unknown as HandlerConfig);
    const others = limits.get(queue);
    if (others !== undefined && others !== limit) {
      issues.push({
        path: [...path, "queue"],
        expected: `expected the same concurrency as the other handlers of the queue "${queue}" (${others})`,
      });
    }
    limits.set(queue, limit);
    if (hasIssue([...path, "queueOrder"])) return;
    const order = handler.queueOrder ?? "fifo";
    const other = orders.get(queue);
    if (other !== undefined && other.order !== order) {
      issues.push({
        path: [...path, "queueOrder"],
        expected: `expected "${other.order}", as ${other.of} has, which shares the queue "${queue}" with ${name}`,
      });
    }
    orders.set(queue, { order, of: name });
  });
  // A value that is no object may have been intended as a benchmark or as none.
  const given = handlers.map(({ benchmarkConfig }) => benchmarkConfig).filter((value) => value !== undefined);
  const benchmarks = given.filter((value) => typeof value === "object" && value !== null);
  if (given.length === 0 || benchmarks.length > 1) {
    issues.push({ path: ["handlers"], expected: "expected exactly one handler with a benchmarkConfig" });
  }
  return issues;
}

/** Errors in combinations of open routes, handlers and the model server. */
function openRouteIssues(config: Fields, handlers: readonly Fields[]): Issue[] {
  // A WebSocket begins with a GET.
  const taken = handlers.map((handler) => ({
    path: pathOf(handler),
    method: handler.websocket === true ? "*" : String(handler.method ?? "POST"),
  }));
  return listOf(config.openRoutes)
    .map(fieldsOf)
    .flatMap((open, index) => {
      const { method = "GET", text, respond, modelRoute } = open;
      const place = { path: pathOf(open), method: String(method) };
      const at = (option: string, expected: string): Issue => ({
        path: ["openRoutes", index, option],
        expected,
      });
      const issues: Issue[] = [];
      if (taken.some((other) => isSamePlace(other, place)))
        issues.push(at("route", "expected a route that no handler and no other open route has"));
      if (RESERVED_ROUTES.includes(String(place.path)))
        issues.push(at("route", "expected a route that the worker does not serve itself"));
      if (text !== undefined && respond !== undefined)
        issues.push(at("respond", "expected none beside text, which is the response"));
      const isForwarded = text === undefined && respond === undefined;
      if (isForwarded && config.modelServerUrl === undefined) {
        const reason = "because there is no modelServerUrl to forward it to";
        issues.push(at("route", `expected a text or a function respond beside it, ${reason}`));
      }
      if (isForwarded && method !== "GET")
        issues.push(at("method", "expected GET, or a text or a function respond beside it"));
      if (!isForwarded && modelRoute !== undefined)
        issues.push(at("modelRoute", "expected none beside text or respond, which is not forwarded"));
      taken.push(place);
      return issues;
    });
}

interface Place {
  readonly path: unknown;
  readonly method: string;
}

/** Whether two routes would receive the same requests. */
const isSamePlace = (a: Place, b: Place): boolean => {
  if (a.path !== b.path) return false;
  // A GET includes HEAD.
  const [first, second] = [a.method, b.method].map((method) => (method === "HEAD" ? "GET" : method));
  return first === second || first === "*" || second === "*";
};

/** Options that require or exclude others of the worker. */
function modelIssues(config: Fields, handlers: readonly Fields[]): Issue[] {
  const { modelServerUrl, modelServerPort, modelLogFile, modelHealthcheckUrl, logActionConfig, readiness } =
    config;
  const issues: Issue[] = [];
  if (modelServerUrl === undefined && handlers.some(({ remoteFunction }) => remoteFunction === undefined)) {
    issues.push({
      path: ["modelServerUrl"],
      expected: "expected the model server's URL, because a handler has no remoteFunction",
    });
  } else if (modelServerUrl === undefined && modelServerPort !== undefined) {
    issues.push({ path: ["modelServerPort"], expected: "expected none without a modelServerUrl" });
  }
  if (
    modelServerUrl === undefined &&
    typeof modelHealthcheckUrl === "string" &&
    modelHealthcheckUrl.startsWith("/")
  ) {
    issues.push({
      path: ["modelHealthcheckUrl"],
      expected: "expected an absolute URL, because there is no modelServerUrl that a path could belong to",
    });
  }
  if (modelServerUrl === undefined && typeof config.maxConnections === "number") {
    issues.push({ path: ["maxConnections"], expected: "expected none without a modelServerUrl" });
  }
  if (modelServerUrl === undefined && Object.keys(fieldsOf(config.modelHeaders)).length > 0) {
    issues.push({ path: ["modelHeaders"], expected: "expected none without a modelServerUrl" });
  }
  if (modelServerUrl === undefined && typeof fieldsOf(config.metrics).modelMetrics === "string") {
    issues.push({ path: ["metrics", "modelMetrics"], expected: "expected none without a modelServerUrl" });
  }
  const hasLines = listOf(fieldsOf(logActionConfig).onLoad).length > 0;
  if ((readiness === "log" || readiness === "either") && !hasLines) {
    issues.push({
      path: ["logActionConfig", "onLoad"],
      expected: `expected lines to look for, because readiness is "${readiness}"`,
    });
  }
  const sought = Object.entries(fieldsOf(logActionConfig)).find(([, lines]) => listOf(lines).length > 0);
  if (sought !== undefined && modelLogFile === undefined) {
    issues.push({
      path: ["modelLogFile"],
      expected: `expected the log file in which ${sought[0]} is looked for`,
    });
  }
  return issues;
}

const at = (path: readonly PropertyKey[]): string => fieldPath(path) || "config";

const valueAt = (root: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, key) => Reflect.get(fieldsOf(value), key), root);

/** A field with a name of secrets, as `inspect` writes it. */
const SECRET_FIELD =
  /(['"]?[\w-]*(?:authorization|cookie|token|secret|password|api-?_?key)['"]?: )(?:'[^']*'?|"[^"]*"?|`[^`]*`?)/gi;

const short = (value: unknown): string => {
  const text = inspect(value, {
    depth: 1,
    breakLength: Number.POSITIVE_INFINITY,
    maxStringLength: 80,
    maxArrayLength: 5,
  });
  const scrubbed = scrubber([])(text).replace(SECRET_FIELD, "$1[redacted]");
  return scrubbed.length > 120 ? `${scrubbed.slice(0, 117)}...` : scrubbed;
};

/**
 * All errors of a configuration: those of single fields and those of combinations.
 *
 * @param config of any type.
 * @param error of the schema.
 * @param advice message for an unknown option.
 * @returns a line for each: the path, what was expected, and the value.
 */
export function configIssues(
  config: unknown,
  error: ZodError | undefined,
  advice: OptionAdvice,
): readonly string[] {
  const fields = optionsOf(config);
  const handlers = listOf(fields.handlers).map(optionsOf);
  const issues = error === undefined ? [] : fieldIssues(error.issues, advice);
  const withIssues = new Set(issues.map(({ path }) => at(path)));
  const hasIssue: HasIssue = (path) => withIssues.has(at(path));
  // Without a list of handlers, combinations cannot be checked.
  if (handlers.length > 0 && !handlers.some((_, index) => hasIssue(["handlers", index]))) {
    const together = [
      ...issuesBetween(handlers, hasIssue),
      ...openRouteIssues(fields, handlers),
      ...modelIssues(fields, handlers),
    ];
    issues.push(...together.filter(({ path }) => !hasIssue(path)));
  }
  return issues.map(({ path, expected, isUnknown }) => {
    const line = `${at(path)}: ${expected}`;
    if (isUnknown) return line;
    const got =
      path.includes("modelHeaders") || path.includes("access") ? "[redacted]" : short(valueAt(config, path));
    return `${line}, got ${got}`;
  });
}
