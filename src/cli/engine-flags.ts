import { type Command, InvalidArgumentError, Option } from "commander";
import { numberFrom, seconds } from "./option-values.js";

/** What a command that sends requests through an engine is told. */
export interface EngineFlags {
  readonly endpoint: string;
  readonly apiKey: string;
  readonly engineUrl: string;
  readonly instance?: keyof typeof INSTANCES;
  /** Undefined: by the payload. */
  readonly cost?: number;
  /** Seconds. */
  readonly timeout: number;
}

/** The engine that is asked when none is named. */
export const USUAL_ENGINE = "http://127.0.0.1:8080";

/** Engines that have a name. */
const INSTANCES = { local: USUAL_ENGINE, prod: "https://run.vast.ai" } as const;

/** Adds the options that all commands have which send requests through an engine. */
export function addEngineFlags(command: Command): Command {
  return command
    .requiredOption("-e, --endpoint <name>", "name of the endpoint")
    .addOption(
      new Option("-k, --api-key <key>", "API key of the endpoint").env("VAST_API_KEY").makeOptionMandatory(),
    )
    .option("--engine-url <url>", "base URL of the engine", httpUrl, USUAL_ENGINE)
    .addOption(
      new Option("--instance <name>", "the engine by its name: local is the one on this machine")
        .choices(Object.keys(INSTANCES))
        .conflicts("engineUrl"),
    )
    .option(
      "--cost <workload>",
      "workload of a request (default: the payload's max_tokens, or 100)",
      numberFrom(0),
    )
    .option("--timeout <seconds>", "how long a request may take, routing and answer together", seconds, 60);
}

/** The base URL of the engine that is meant. */
export function engineUrlOf({ instance, engineUrl }: EngineFlags): string {
  return instance === undefined ? engineUrl : INSTANCES[instance];
}

/** Reads the URL of an engine. */
function httpUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new InvalidArgumentError(`It must be a URL such as ${USUAL_ENGINE}.`);
  }
  return text.replace(/\/+$/, "");
}
