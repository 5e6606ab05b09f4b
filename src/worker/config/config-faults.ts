import { inspect } from "node:util";
import type { ZodError } from "zod";
import { scrubber } from "../../shared/scrubber.js";
import type { HandlerConfig } from "./config.js";
import type { OptionAdvice } from "./option-advice.js";
import { encodedPath } from "./path-forms.js";
import { queuePlace } from "./queue-place.js";

/** What is wrong with a configuration, and where. */
interface Fault {
  readonly path: readonly PropertyKey[];
  readonly expected: string;
  /** Whether there is no such option: what it holds does not matter then. */
  readonly isUnknown?: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/** Whether a field is at fault by itself: then no rule builds on it. */
type IsFaulty = (path: readonly PropertyKey[]) => boolean;

const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null ? (value as Fields) : {};

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** What each field says by itself. zod tells the type that came; the value itself, which follows, says more. */
function faultsOfFields(
  issues: ZodError["issues"],
  advice: OptionAdvice,
  base: readonly PropertyKey[] = [],
): Fault[] {
  return issues.flatMap((issue): Fault[] => {
    const path = [...base, ...issue.path];
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        path: [...path, key],
        expected: advice(path, key),
        isUnknown: true,
      }));
    }
    // The kind of value that was meant is at fault further in than the others.
    const meant =
      issue.code === "invalid_union"
        ? issue.errors.find(([first]) => first && first.path.length > 0)
        : undefined;
    if (meant !== undefined) return faultsOfFields(meant, advice, path);
    const expected = issue.message
      .replace(/^(?:Invalid input|Too small|Too big): /, "")
      .replace(/, received \w+$/, "");
    return [{ path, expected }];
  });
}

/** A route as clients send it, whichever way it is written; anything else as it is. */
const pathOf = ({ route }: Fields): unknown => (typeof route === "string" ? encodedPath(route) : route);

/** What the worker serves itself, on the port of the handlers. */
const RESERVED_ROUTES = [
  "/session/create",
  "/session/get",
  "/session/health",
  "/session/end",
  "/pyworker/update",
];

/** Options of a handler that leave no room for others. */
const EXCLUSIVE: readonly (readonly [option: string, reason: string, others: readonly string[]])[] = [
  [
    "remoteFunction",
    "which makes the answer itself",
    ["responseGenerator", "multipart", "forwardQuery", "sseKeepAliveMs"],
  ],
  [
    "websocket",
    "which passes frames on",
    ["remoteFunction", "responseGenerator", "multipart", "benchmarkConfig", "sseKeepAliveMs"],
  ],
];

/** How the fields of one handler fit together. */
function faultsOfHandler(handler: Fields, path: readonly PropertyKey[], isFaulty: IsFaulty): Fault[] {
  const { allowParallelRequests, concurrency = 1 } = handler;
  const faults: Fault[] = [];
  if (RESERVED_ROUTES.includes(String(pathOf(handler)))) {
    faults.push({
      path: [...path, "route"],
      expected: "expected a route that the worker does not serve itself",
    });
  }
  if (allowParallelRequests === false && concurrency !== 1) {
    faults.push({
      path: [...path, "concurrency"],
      expected: "expected 1 or nothing where allowParallelRequests is false",
    });
  }
  for (const [option, reason, others] of EXCLUSIVE) {
    if (handler[option] === undefined || handler[option] === false || isFaulty([...path, option])) continue;
    for (const other of others) {
      if (handler[other] === undefined || handler[other] === null) continue;
      faults.push({ path: [...path, other], expected: `expected none beside ${option}, ${reason}` });
    }
  }
  return faults;
}

/** What the handlers must agree on among themselves. */
function faultsBetween(handlers: readonly Fields[], isFaulty: IsFaulty): Fault[] {
  const faults: Fault[] = [];
  const routes = new Set<unknown>();
  const limits = new Map<string, number>();
  handlers.forEach((handler, index) => {
    const path = ["handlers", index];
    faults.push(...faultsOfHandler(handler, path, isFaulty));
    const route = pathOf(handler);
    if (routes.has(route)) {
      faults.push({ path: [...path, "route"], expected: "expected a route that no other handler has" });
    }
    routes.add(route);
    const queueFields = [
      "allowParallelRequests",
      "concurrency",
      handler.queue === undefined ? "route" : "queue",
    ];
    if (queueFields.some((field) => isFaulty([...path, field]))) return;
    const { queue, limit } = queuePlace(handler as unknown as HandlerConfig);
    const others = limits.get(queue);
    if (others !== undefined && others !== limit) {
      faults.push({
        path: [...path, "queue"],
        expected: `expected the same concurrency as the other handlers of the queue "${queue}" (${others})`,
      });
    }
    limits.set(queue, limit);
  });
  // Something else than an object may have been meant as a benchmark, or as none.
  const given = handlers.map(({ benchmarkConfig }) => benchmarkConfig).filter((value) => value !== undefined);
  const benchmarks = given.filter((value) => typeof value === "object" && value !== null);
  if (given.length === 0 || benchmarks.length > 1) {
    faults.push({ path: ["handlers"], expected: "expected exactly one handler with a benchmarkConfig" });
  }
  return faults;
}

/** How the open routes fit beside the handlers, and what those need that are passed on. */
function faultsOfOpenRoutes(config: Fields, handlers: readonly Fields[]): Fault[] {
  const routes = new Set(handlers.map(pathOf));
  return listOf(config.openRoutes)
    .map(fieldsOf)
    .flatMap(({ route, text }, index) => {
      const key = pathOf({ route });
      const path = ["openRoutes", index, "route"];
      const expected: string[] = [];
      if (routes.has(key)) expected.push("expected a route that no handler and no other open route has");
      if (RESERVED_ROUTES.includes(String(key)))
        expected.push("expected a route that the worker does not serve itself");
      if (text === undefined && config.modelServerUrl === undefined)
        expected.push("expected a text beside it, because there is no modelServerUrl to pass it on to");
      routes.add(key);
      return expected.map((each) => ({ path, expected: each }));
    });
}

/** What must be there because of something else. */
function faultsOfModel(config: Fields, handlers: readonly Fields[]): Fault[] {
  const { modelServerUrl, modelServerPort, modelLogFile, modelHealthcheckUrl, logActionConfig, readiness } =
    config;
  const faults: Fault[] = [];
  if (modelServerUrl === undefined && handlers.some(({ remoteFunction }) => remoteFunction === undefined)) {
    faults.push({
      path: ["modelServerUrl"],
      expected: "expected the model server's URL, because a handler has no remoteFunction",
    });
  } else if (modelServerUrl === undefined && modelServerPort !== undefined) {
    faults.push({ path: ["modelServerPort"], expected: "expected none without a modelServerUrl" });
  }
  if (
    modelServerUrl === undefined &&
    typeof modelHealthcheckUrl === "string" &&
    modelHealthcheckUrl.startsWith("/")
  ) {
    faults.push({
      path: ["modelHealthcheckUrl"],
      expected: "expected an absolute URL, because there is no modelServerUrl that a path could belong to",
    });
  }
  if (modelServerUrl === undefined && typeof config.maxConnections === "number") {
    faults.push({ path: ["maxConnections"], expected: "expected none without a modelServerUrl" });
  }
  if (modelServerUrl === undefined && Object.keys(fieldsOf(config.modelHeaders)).length > 0) {
    faults.push({ path: ["modelHeaders"], expected: "expected none without a modelServerUrl" });
  }
  const hasLines = listOf(fieldsOf(logActionConfig).onLoad).length > 0;
  if ((readiness === "log" || readiness === "either") && !hasLines) {
    faults.push({
      path: ["logActionConfig", "onLoad"],
      expected: `expected lines to look for, because readiness is "${readiness}"`,
    });
  }
  const sought = Object.entries(fieldsOf(logActionConfig)).find(([, lines]) => listOf(lines).length > 0);
  if (sought !== undefined && modelLogFile === undefined) {
    faults.push({
      path: ["modelLogFile"],
      expected: `expected the log file in which ${sought[0]} is looked for`,
    });
  }
  return faults;
}

const at = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, key) =>
      typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`,
    "",
  ) || "config";

const valueAt = (root: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, key) => Reflect.get(fieldsOf(value), key), root);

/** A field whose name says that its value is a secret, as `inspect` writes it. */
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
 * All faults of a configuration, of the fields and of how they fit together, whatever else is wrong.
 *
 * @param config as it came; nothing is known of it.
 * @param error what the schema says of it, if anything.
 * @param advice on options that there are none of.
 * @returns a line each: the path, what was expected, and what came.
 */
export function configFaults(
  config: unknown,
  error: ZodError | undefined,
  advice: OptionAdvice,
): readonly string[] {
  const fields = fieldsOf(config);
  const handlers = listOf(fields.handlers).map(fieldsOf);
  const faults = error === undefined ? [] : faultsOfFields(error.issues, advice);
  const faulty = new Set(faults.map(({ path }) => at(path)));
  const isFaulty: IsFaulty = (path) => faulty.has(at(path));
  // Of something that is no configuration at all, or has no list of handlers, enough is said by that.
  if (handlers.length > 0 && !handlers.some((_, index) => isFaulty(["handlers", index]))) {
    const together = [
      ...faultsBetween(handlers, isFaulty),
      ...faultsOfOpenRoutes(fields, handlers),
      ...faultsOfModel(fields, handlers),
    ];
    faults.push(...together.filter(({ path }) => !isFaulty(path)));
  }
  return faults.map(({ path, expected, isUnknown }) => {
    const fault = `${at(path)}: ${expected}`;
    if (isUnknown) return fault;
    const got = path.includes("modelHeaders") ? "[redacted]" : short(valueAt(config, path));
    return `${fault}, got ${got}`;
  });
}
