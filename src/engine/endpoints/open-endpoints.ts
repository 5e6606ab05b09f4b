import { formatErrors, TsworkerError } from "../../shared/errors.js";
import { faultsIn } from "../api/faults.js";
import type { CheckedOptions } from "../checked-options.js";
import { changedScaling } from "../scaling/changed-scaling.js";
import { type ScalingParameters, scalingParametersSchema } from "../scaling/scaling-parameters.js";
import type { EngineState } from "../state/engine-state.js";
import { workergroupRequestSchema } from "../workers/workergroup.js";
import type { EndpointSurroundings } from "./endpoint-surroundings.js";
import { Endpoints } from "./endpoints.js";

/**
 * The endpoints of an earlier run, where there was one, and that of the options, whose key and parameters go before
 * what was remembered of it.
 *
 * @throws {TsworkerError} `CONFIG_INVALID` when the parameters do not go with those that were remembered.
 */
export function openEndpoints(
  { endpoint: name, apiKey, scaling, provider }: CheckedOptions,
  state: EngineState | undefined,
  surroundings: EndpointSurroundings,
): Endpoints {
  const known = state?.endpoints.find((record) => record.name === name);
  const parameters = parametersOf(known?.parameters, scaling ?? {});
  const endpoints = new Endpoints(state?.lastId ?? 0, surroundings);
  for (const record of state?.endpoints ?? []) endpoints.restore(record);
  const own = endpoints.byName(name);
  if (own) endpoints.change(own, { apiKey, parameters });
  const added = own ?? endpoints.create({ name, state: "active", parameters }, apiKey);
  for (const group of state?.groups ?? []) {
    endpoints.byId(group.endpoint_id)?.workforce.addGroup(group);
  }
  // Where workers are made, somebody has to say how.
  if (provider !== undefined && added.workforce.groups.length === 0) {
    endpoints.addGroup(added, workergroupRequestSchema.parse({}));
  }
  for (const worker of state?.workers ?? []) endpoints.byId(worker.endpointId)?.workforce.recall(worker);
  return endpoints;
}

function parametersOf(
  known: ScalingParameters | undefined,
  said: NonNullable<CheckedOptions["scaling"]>,
): ScalingParameters {
  const { data, error } = scalingParametersSchema.safeParse(known ? changedScaling(known, said) : said);
  if (data !== undefined) return data;
  const subject = "the endpoint, with what is remembered of it,";
  throw new TsworkerError("CONFIG_INVALID", formatErrors(subject, faultsIn(error)));
}
