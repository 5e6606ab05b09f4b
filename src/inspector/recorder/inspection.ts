import { scrubber } from "../../shared/scrubber.js";
import type { CheckedConfig } from "../../worker/config/config.js";
import type { Environment } from "../../worker/config/environment.js";
import { secretsOf } from "../../worker/config/secrets-of.js";
import { type InspectOptions, inspectOptionsOf } from "./inspect-options.js";
import type { Inspector } from "./inspector.js";

/** The inspector, and where it is shown. */
export interface Inspection {
  readonly inspector: Inspector;
  readonly options: InspectOptions;
}

/**
 * The inspector that is asked for. A worker without one does not load it.
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
