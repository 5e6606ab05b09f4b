import { createRequire } from "node:module";
import { isatty } from "node:tty";
import pino, { type Logger } from "pino";
import { CENSORED, scrubber } from "./scrubber.js";
import { standardOutput } from "./standard-outputs.js";

/** In order of weight; `silent` writes nothing. */
export const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type Log = Logger;

/** Names of secret fields, at the depths at which they are logged. */
const SECRET_KEYS = ["mtoken", "signature", "api_key", "apiKey", "authorization", "session_auth"];
const SECRET_PATHS = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);

/** Keys that the pretty printer formats itself. */
const SHOWN_ELSEWHERE = new Set(["level", "time", "msg", "err", "state"]);

const shown = (value: unknown): string => {
  if (typeof value === "number") return String(Math.round(value * 1000) / 1000);
  return typeof value === "string" ? value : JSON.stringify(value);
};

/** The message of a pretty line: the event, followed by the other fields. */
function prettyMessage(line: Readonly<Record<string, unknown>>): string {
  const what = line.state === undefined ? String(line.msg) : `worker ${line.state}`;
  const rest = Object.entries(line)
    .filter(([key]) => !SHOWN_ELSEWHERE.has(key))
    .map(([key, value]) => `${key}=${shown(value)}`);
  return [what, ...rest].join("  ");
}

/** Pretty-prints log lines. The printer is loaded for terminals only. */
function readable(output: Pick<ReturnType<typeof standardOutput>, "write">) {
  const require = createRequire(import.meta.url);
  const { prettyFactory } = require("pino-pretty") as typeof import("pino-pretty");
  const prettyLine = prettyFactory({
    colorize: true,
    translateTime: "SYS:HH:MM:ss.l",
    messageFormat: prettyMessage,
    // The stack of an error follows its line; other fields are part of the line.
    include: "level,time,err",
  });
  return { write: (line: string) => output.write(prettyLine(line)) };
}

/**
 * The worker's log: pretty on a terminal, a JSON object per line otherwise. Tokens, signatures and API keys are redacted
 * by field name.
 *
 * @param secrets redacted anywhere in a line.
 * @param onLine receives each redacted line as JSON.
 */
export function createLog(level: LogLevel, secrets: readonly string[], onLine?: (line: string) => void): Log {
  const scrub = scrubber(secrets);
  const write = (line: string): string => {
    const scrubbed = scrub(line);
    onLine?.(scrubbed);
    return scrubbed;
  };
  const output = standardOutput(1);
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: SECRET_PATHS, censor: CENSORED },
      hooks: { streamWrite: write },
    },
    isatty(1) ? readable(output) : output,
  );
  output.onRecovered = (lines) => log.warn({ lines }, "lines of the log were lost: the output took none");
  standardOutput(2).onRecovered = (lines) =>
    log.warn({ lines }, "lines on standard error were lost: it took none");
  return log;
}
