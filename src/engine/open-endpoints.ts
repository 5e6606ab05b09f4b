import { checkedScaling } from "./checked-scaling.js";
import type { EndpointSurroundings } from "./endpoint-surroundings.js";
import { Endpoints } from "./endpoints.js";
import type { EngineOptions } from "./engine-options.js";
import type { EngineState } from "./engine-state.js";
import { workergroupRequestSchema } from "./workergroup.js";

/**
 * The endpoints of an earlier run, where there was one, and that of the options, whose key and parameters go before
 * what was remembered of it.
 */
export function openEndpoints(
  { endpoint: name, apiKey, scaling, provider }: EngineOptions,
  state: EngineState | undefined,
  surroundings: EndpointSurroundings,
): Endpoints {
  const endpoints = new Endpoints(state?.lastId ?? 0, surroundings);
  for (const record of state?.endpoints ?? []) endpoints.restore(record);
  const own = endpoints.byName(name);
  const parameters = checkedScaling({ ...own?.record.parameters, ...scaling });
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
