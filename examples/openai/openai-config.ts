import type { HandlerConfig, LogActionConfig, OpenRouteConfig, WorkerConfig } from "tsworker";
import {
  hostVariable,
  invalid,
  linesVariable,
  locationVariable,
  portVariable,
  textVariable,
  warn,
} from "../checks/variables.js";
import { audioRoutes } from "./audio-routes.js";
import { pictureRoutes } from "./picture-routes.js";
import { handlerOf, type OpenaiRoute, takesPlainRequests } from "./route.js";
import { textRoutes } from "./text-routes.js";

/** What distinguishes one model server with OpenAI's interface from another. */
export interface OpenaiServer {
  /** Its name in the supervisor of the image, which logs its end. */
  readonly program: string;
  /** Log file where `MODEL_LOG` names none; without either, readiness is read from the health URL alone. */
  readonly logFile?: string;
  /** The line of its log when the model has loaded. Like the others it does not match what a client's text may bring into the log. */
  readonly loaded: RegExp;
  /** Lines of its log when it has failed, besides that of the supervisor. */
  readonly failed: readonly RegExp[];
  /** Routes of its own, which are served unless `OPENAI_ROUTES` lists others. */
  readonly routes?: readonly OpenaiRoute[];
  /** Routes of its own that anybody may GET. */
  readonly openRoutes?: readonly OpenRouteConfig[];
}

/** A line of a download, as the image logs it. */
const DOWNLOADING = '"message":"Download';

/** Served where `OPENAI_ROUTES` names none, besides the benchmark's and the server's own. */
const USUAL = ["/v1/completions", "/v1/chat/completions"];

/** What clients of OpenAI's API list first, in plain requests; they have a key as all others. */
const MODELS = ["/v1/models", "/v1/models/:id"].map(
  (route): HandlerConfig => ({
    route,
    method: "GET",
    allowParallelRequests: true,
    maxQueueTime: null,
    workloadCalculator: () => 0,
  }),
);

/**
 * The configuration of a worker in front of a server with OpenAI's interface; environment variables override it.
 *
 * @throws TsworkerError `CONFIG_INVALID`, where a variable has a value with which the worker could not become ready.
 */
export function openaiConfig(server: OpenaiServer): WorkerConfig {
  const log = textVariable("MODEL_LOG") ?? server.logFile;
  const model = textVariable("MODEL_NAME", "VLLM_MODEL", "SGLANG_MODEL", "LLAMA_MODEL");
  if (!log) warnOfUnreadLog();
  const { served, benchmarked } = selectedRoutes(server.routes ?? []);
  return {
    modelServerUrl: `http://${hostVariable("MODEL_HOST", "127.0.0.1")}`,
    modelServerPort: portVariable("MODEL_PORT", 18000),
    modelHealthcheckUrl: locationVariable("MODEL_HEALTH_ENDPOINT", "/health"),
    ...(log && { modelLogFile: log, logActionConfig: logActions(server) }),
    readiness: readiness(log),
    handlers: [
      ...served.map((route) => handlerOf(route, model, route.route === benchmarked)),
      ...(takesPlainRequests() ? MODELS : []),
    ],
    ...(server.openRoutes && !takesPlainRequests() && { openRoutes: server.openRoutes }),
  };
}

function logActions({ program, loaded, failed }: OpenaiServer): LogActionConfig {
  // Such as `2026-08-01 12:00:00,123 INFO exited: vllm (exit status 1; not expected)`.
  const exited = new RegExp(`^[\\d:, -]*INFO exited: ${program}\\b`);
  return {
    onLoad: linesVariable("MODEL_LOAD_LOG_MSG") ?? [loaded],
    onError: linesVariable("MODEL_ERROR_LOG_MSGS") ?? [exited, ...failed],
    onInfo: linesVariable("MODEL_INFO_LOG_MSGS") ?? [DOWNLOADING],
  };
}

/** Texts of a log have no effect where none is read. */
function warnOfUnreadLog(): void {
  for (const name of ["MODEL_LOAD_LOG_MSG", "MODEL_ERROR_LOG_MSGS", "MODEL_INFO_LOG_MSGS"]) {
    if (linesVariable(name))
      warn(name, "no log is read, because MODEL_LOG names none: the text has no effect");
  }
}

/**
 * These servers are healthy only when the model has loaded. So a version that words its log differently does not keep the
 * worker waiting; but a line that `MODEL_LOAD_LOG_MSG` names is waited for.
 */
function readiness(log: string | undefined): "log" | "health" | "either" {
  if (!log) return "health";
  return linesVariable("MODEL_LOAD_LOG_MSG") ? "log" : "either";
}

/** The routes to serve, and which of them is benchmarked: a model that is no language model serves no completions. */
function selectedRoutes(own: readonly OpenaiRoute[]): {
  readonly served: readonly OpenaiRoute[];
  readonly benchmarked: string;
} {
  const known = [...textRoutes(), ...audioRoutes(), ...pictureRoutes(), ...own];
  const benchmarked = textVariable("BENCHMARK_ROUTE") ?? "/v1/completions";
  const measurable = known.filter(({ benchmark }) => benchmark).map(({ route }) => route);
  if (!measurable.includes(benchmarked)) {
    const expected = `expected one of ${measurable.join(", ")}`;
    throw invalid("BENCHMARK_ROUTE", `${expected}, got ${JSON.stringify(benchmarked)}`);
  }
  const named = textVariable("OPENAI_ROUTES")
    ?.split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  for (const name of named ?? []) {
    if (known.some(({ route }) => route === name)) continue;
    const routes = known.map(({ route }) => route).join(", ");
    warn("OPENAI_ROUTES", `there is no route ${JSON.stringify(name)}: it is left out; there are ${routes}`);
  }
  const wanted = new Set(named ?? [...USUAL, benchmarked, ...own.map(({ route }) => route)]);
  const served = known.filter(({ route }) => wanted.has(route));
  if (!wanted.has(benchmarked)) {
    const routes = served.map(({ route }) => route).join(", ") || "no route at all";
    const advice = "name one of these, or add it to OPENAI_ROUTES";
    throw invalid(
      "BENCHMARK_ROUTE",
      `${benchmarked} is benchmarked, but OPENAI_ROUTES serves ${routes}: ${advice}`,
    );
  }
  return { served, benchmarked };
}
