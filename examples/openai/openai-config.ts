import type { WorkerConfig } from "tsworker";
import { fileHandlers } from "./file-handlers.js";
import { jsonHandlers } from "./json-handlers.js";
import type { ServerFacts } from "./server-facts.js";
import { DOWNLOADING } from "./server-lines.js";
import { textHandlers } from "./text-handlers.js";

/** The configuration of a worker in front of a server with OpenAI's interface; the environment's word counts first. */
export function openaiConfig({ logFile, loaded, failed, benchmark }: ServerFacts): WorkerConfig {
  const { MODEL_PORT, MODEL_LOG, MODEL_HEALTH_ENDPOINT, MODEL_NAME } = process.env;
  const log = MODEL_LOG || logFile;
  return {
    modelServerUrl: "http://127.0.0.1",
    modelServerPort: Number(MODEL_PORT || 18000),
    modelHealthcheckUrl: MODEL_HEALTH_ENDPOINT || "/health",
    ...(log && {
      modelLogFile: log,
      logActionConfig: {
        onLoad: lines("MODEL_LOAD_LOG_MSG") ?? [loaded],
        onError: lines("MODEL_ERROR_LOG_MSGS") ?? failed,
        onInfo: lines("MODEL_INFO_LOG_MSGS") ?? [DOWNLOADING],
      },
    }),
    readiness: readiness(log),
    handlers: [...textHandlers({ ...benchmark, model: MODEL_NAME }), ...jsonHandlers, ...fileHandlers],
  };
}

/**
 * These servers are healthy only when the model has loaded. So a version that words its log differently does not keep the
 * worker waiting; but a line that somebody has asked for is waited for.
 */
function readiness(log: string | undefined): "log" | "health" | "either" {
  if (!log) return "health";
  return lines("MODEL_LOAD_LOG_MSG") ? "log" : "either";
}

/** A variable that holds one text per line; undefined where it holds none. */
function lines(name: string): readonly string[] | undefined {
  const given = process.env[name]?.split("\n").filter((line) => line.trim() !== "");
  return given?.length ? given : undefined;
}
