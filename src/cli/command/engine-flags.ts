import { type Command, InvalidArgumentError, Option } from "commander";
import { numberFrom, seconds } from "./option-values.js";

/** Options of the commands that send requests through an engine. */
export interface EngineFlags {
  readonly endpoint?: string;
  readonly apiKey?: string;
  readonly engineUrl?: string;
  readonly instance?: keyof typeof INSTANCES;
  /** Undefined: derived from the payload. */
  readonly cost?: number;
  /** Seconds. */
  readonly timeout: number;
}

/** Default address of a local engine. */
export const USUAL_ENGINE = "http://127.0.0.1:8080";

/** Named engines; undefined: the one on this machine. */
export const INSTANCES = { local: undefined, prod: "https://run.vast.ai" } as const;

/** Adds the options that name an engine. */
export function addEngineAddress(command: Command): Command {
  return command
    .option("--engine-url <url>", "base URL of the engine (default: the one on this machine)", httpUrl)
    .addOption(
      new Option("--instance <name>", "the engine by its name: local is the one on this machine")
        .choices(Object.keys(INSTANCES))
        .conflicts("engineUrl"),
    );
}

/** Adds the options of the commands that send requests through an engine. */
export function addEngineFlags(command: Command): Command {
  return addEngineAddress(
    command
      .option("-e, --endpoint <name>", "name of the endpoint (default: that of the engine on this machine)")
      .option(
        "-k, --api-key <key>",
        "API key of the endpoint (default: that of the engine on this machine; VAST_API_KEY for another one)",
      ),
  )
    .option(
      "--cost <workload>",
      "workload of a request (default: the payload's max_tokens, or 100)",
      numberFrom(0),
    )
    .option("--timeout <seconds>", "how long a request may take, routing and answer together", seconds, 60);
}

/** Reads the URL of an engine. */
export function httpUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new InvalidArgumentError(`It must be a URL such as ${USUAL_ENGINE}.`);
  }
  return text.replace(/\/+$/, "");
}
