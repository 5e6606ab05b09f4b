import { TsworkerError } from "../../shared/errors.js";
import { scrubber } from "../../shared/scrubber.js";
import { isLoopback } from "../../shared/url.js";
import type { CheckedConfig } from "../../worker/config/config-schema.js";
import type { Environment } from "../../worker/config/environment.js";
import { secretsOf } from "../../worker/config/model-settings.js";
import type { Inspector } from "./inspector.js";

/** The inspector, and where it is shown. */
export interface Inspection {
  readonly inspector: Inspector;
  readonly options: InspectOptions;
}

/**
 * The inspector, where it is enabled. A worker without one does not load it.
 *
 * @throws TsworkerError as {@link inspectOptionsOf}.
 */
export async function inspectionOf(
  config: CheckedConfig,
  environment: Environment,
): Promise<Inspection | undefined> {
  const options = inspectOptionsOf(config, environment);
  if (options === undefined) return undefined;
  const { Inspector: Loaded } = await import("./inspector.js");
  const scrub = scrubber(secretsOf(config, environment));
  return { options, inspector: new Loaded({ events: options.events, url: environment.publicUrl, scrub }) };
}

/** Default number of records that are kept. */
const DEFAULT_EVENTS = 5000;

/** How the inspector is set up. */
export interface InspectOptions {
  /** Where its page is: of the second server, or of one of its own. */
  readonly host: string;
  readonly port: number;
  readonly isOnSecondServer: boolean;
  /** Undefined: every client that reaches the port has access. */
  readonly token: string | undefined;
  /** Records that are kept. */
  readonly events: number;
  /** URL of a relay of Stately's inspector. */
  readonly stately: string | undefined;
}

/**
 * @returns undefined where there is no inspector.
 * @throws TsworkerError `CONFIG_INVALID` where other machines would have access without a token.
 */
export function inspectOptionsOf(
  config: CheckedConfig,
  environment: Environment,
): InspectOptions | undefined {
  const { inspect } = config;
  const { inspectStately: stately, httpHost, httpPort } = environment;
  if (inspect === false && !environment.inspect && stately === undefined) return undefined;
  const given = typeof inspect === "object" ? inspect : {};
  const {
    host = httpHost,
    port = httpPort,
    token = environment.inspectToken,
    events = DEFAULT_EVENTS,
  } = given;
  if (token === undefined && !isLoopback(host)) {
    throw new TsworkerError(
      "CONFIG_INVALID",
      `the inspector would be open to every client that reaches ${host}:${port}: expected a token (INSPECT_TOKEN, or inspect.token), ` +
        "or a loopback address (inspect.host)",
    );
  }
  const isOnSecondServer = host === httpHost && port === httpPort;
  if (port === environment.port || (port === httpPort && !isOnSecondServer)) {
    throw new TsworkerError(
      "CONFIG_INVALID",
      `inspect.port: expected a port that no other server of the worker has, got ${port}`,
    );
  }
  return { host, port, isOnSecondServer, token, events, stately };
}
