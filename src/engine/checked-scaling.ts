import { TsworkerError } from "../errors.js";
import type { EngineOptions } from "./engine-options.js";
import { faults } from "./faults.js";
import { type ScalingParameters, scalingParametersSchema } from "./scaling/scaling-parameters.js";

/**
 * The parameters of scaling, with their defaults.
 *
 * @throws {TsworkerError} `CONFIG_INVALID`, with every fault.
 */
export function checkedScaling(scaling: EngineOptions["scaling"]): ScalingParameters {
  const parsed = scalingParametersSchema.safeParse(scaling ?? {});
  if (parsed.success) return parsed.data;
  throw new TsworkerError("CONFIG_INVALID", `the endpoint's parameters of scaling: ${faults(parsed.error)}`);
}
