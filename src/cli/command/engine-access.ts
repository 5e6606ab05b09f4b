import { type AnnouncedEngine, announcedEngines } from "../../shared/announcement.js";
import { TsworkerError } from "../../shared/errors.js";
import { isSameServer } from "../../shared/url.js";
import { type EngineFlags, INSTANCES, USUAL_ENGINE } from "./engine-flags.js";

/** The engine that requests go through, with endpoint and key. */
interface EngineAccess {
  readonly engineUrl: string;
  readonly endpoint: string;
  readonly apiKey: string;
}

/**
 * Resolves the engine, endpoint and key of a command. Defaults are those of the engine on this machine, as `tsworker dev`
 * and `tsworker engine` announce it. The key in `VAST_API_KEY` is for the hosted engine: it is sent only to an engine that
 * the user names by its address, never to a local one found by default.
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
  const matching = running.filter(
    (engine) =>
      (url === undefined || isSameServer(engine.url, url)) &&
      (endpoint === undefined || engine.endpoint === endpoint) &&
      (apiKey === undefined || engine.apiKey === apiKey),
  );
  const [engine] = matching;
  if (endpoint !== undefined && apiKey !== undefined && matching.length !== 1) {
    return { engineUrl: USUAL_ENGINE, endpoint, apiKey };
  }
  if (matching.length > 1) {
    throw invalid(
      `${matching.length} engines run on this machine: choose one with --engine-url\n${list(matching)}`,
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

/** The error where no engine on this machine provides the missing values. */
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
