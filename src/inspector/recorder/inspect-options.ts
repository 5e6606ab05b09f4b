import { TsworkerError } from "../../shared/errors.js";
import { isLoopback } from "../../shared/url.js";
import type { CheckedConfig } from "../../worker/config/config.js";
import type { Environment } from "../../worker/config/environment.js";

/** Records that are kept where nothing else is said. */
const DEFAULT_EVENTS = 5000;

/** How the inspector is set up. */
export interface InspectOptions {
  /** Where its page is: of the second server, or of one of its own. */
  readonly host: string;
  readonly port: number;
  readonly isOnSecondServer: boolean;
  /** Undefined: whoever reaches the port may look. */
  readonly token: string | undefined;
  /** Records that are kept. */
  readonly events: number;
  /** URL of a relay of Stately's inspector. */
  readonly stately: string | undefined;
}

/**
 * @returns undefined where there is no inspector.
 * @throws TsworkerError `CONFIG_INVALID` where others than this machine could look without a token.
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
      `the inspector would be open to whoever reaches ${host}:${port}: expected a token (INSPECT_TOKEN, or inspect.token), ` +
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
