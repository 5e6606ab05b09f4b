import { type AnnouncedEngine, announcedEngines } from "../shared/announcement.js";
import { TsworkerError } from "../shared/errors.js";
import { isSameServer } from "../shared/url.js";
import { type EngineFlags, INSTANCES, USUAL_ENGINE } from "./engine-flags.js";

/** The engine that a request goes through, and what it asks for. */
export interface EngineAccess {
  readonly engineUrl: string;
  readonly endpoint: string;
  readonly apiKey: string;
}

/**
 * The engine that is meant. What is not given is that of the engine which runs on this machine, as `tsworker dev` and
 * `tsworker engine` announce it. The key in `VAST_API_KEY` is a hosted one: it goes only to an engine that is named by its
 * address, and never to whatever listens on this machine.
 *
 * @throws TsworkerError `CONFIG_INVALID` where something is missing, or several engines could be meant.
 */
export function engineAccess(
  { endpoint, apiKey, engineUrl, instance = "local" }: EngineFlags,
  { VAST_API_KEY: hostedKey }: NodeJS.ProcessEnv = process.env,
): EngineAccess {
  const url = engineUrl ?? INSTANCES[instance];
  if (url !== undefined && endpoint !== undefined && apiKey !== undefined) {
    return { engineUrl: url, endpoint, apiKey };
  }
  const running = instance === "prod" ? [] : announcedEngines();
  const meant = running.filter(
    (engine) =>
      (url === undefined || isSameServer(engine.url, url)) &&
      (endpoint === undefined || engine.endpoint === endpoint) &&
      (apiKey === undefined || engine.apiKey === apiKey),
  );
  const [engine] = meant;
  if (endpoint !== undefined && apiKey !== undefined && meant.length !== 1) {
    return { engineUrl: USUAL_ENGINE, endpoint, apiKey };
  }
  if (meant.length > 1) {
    throw invalid(
      `${meant.length} engines run on this machine: choose one with --engine-url\n${list(meant)}`,
    );
  }
  if (engine !== undefined) {
    return { engineUrl: url ?? engine.url, endpoint: engine.endpoint, apiKey: engine.apiKey };
  }
  const key = apiKey ?? (url === undefined || hostedKey === "" ? undefined : hostedKey);
  if (url !== undefined && endpoint !== undefined && key !== undefined) {
    return { engineUrl: url, endpoint, apiKey: key };
  }
  throw missing(url, { "-e <endpoint>": endpoint, "-k <key>": key }, running);
}

/** The error where no engine on this machine has what was not given. */
function missing(
  url: string | undefined,
  given: Readonly<Record<string, string | undefined>>,
  running: readonly AnnouncedEngine[],
): TsworkerError {
  const flags = Object.entries(given)
    .filter(([, value]) => value === undefined)
    .map(([flag]) => flag)
    .join(" and ");
  if (url === undefined && running.length === 0) {
    return invalid(
      "no engine runs on this machine: start one with npx tsworker dev, or name another one with --engine-url or " +
        "--instance, -e <endpoint> and -k <key>",
    );
  }
  const others =
    running.length === 0
      ? ""
      : `; on this machine there ${running.length === 1 ? "is" : "are"}\n${list(running)}`;
  return invalid(
    `${flags} missing for ${url === undefined ? "that endpoint" : `the engine at ${url}`}${others}`,
  );
}

const list = (engines: readonly AnnouncedEngine[]): string =>
  engines.map(({ url, endpoint, title }) => `  ${url}  endpoint ${endpoint}  (${title})`).join("\n");

const invalid = (message: string): TsworkerError => new TsworkerError("CONFIG_INVALID", message);
