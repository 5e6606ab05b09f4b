import { nanoid } from "nanoid";
import { formatErrors, TsworkerError } from "../shared/errors.js";
import { validationErrors } from "./api/exchange.js";
import { Deployments } from "./deployments/deployments.js";
import { type EndpointDependencies, Endpoints } from "./endpoints/endpoints.js";
import type { ManagedEndpoint } from "./endpoints/managed-endpoint.js";
import type { CheckedOptions } from "./engine-options.js";
import { RequestNumbers } from "./routing/dispatcher.js";
import type { SigningKey } from "./routing/signing-key.js";
import { plan } from "./scaling/plan.js";
import {
  changedScaling,
  type ScalingParameters,
  scalingParametersSchema,
} from "./scaling/scaling-parameters.js";
import { type EngineState, STATE_VERSION } from "./state/engine-state.js";
import { workergroupRequestSchema } from "./workers/workergroup.js";

/** How far the counters may advance between two writes of the state. */
const MARGIN = { requests: 10_000, workers: 100 };

interface EngineRunInput {
  readonly options: CheckedOptions;
  readonly key: SigningKey;
  /** State of an earlier run; undefined: there was none. */
  readonly state: EngineState | undefined;
  readonly hooks: Pick<
    EndpointDependencies,
    "engineUrl" | "onRequested" | "onWorker" | "onPlan" | "onNotice" | "onChanged"
  >;
}

/** The state of an engine from its start to its stop: endpoints, keys and counters. */
export class EngineRun {
  readonly key: SigningKey;
  readonly endpoints: Endpoints;
  readonly deployments: Deployments;
  /** The `mtoken` that reports must carry; undefined: reports need none. */
  readonly token: string | undefined;
  readonly #options: CheckedOptions;
  readonly #numbers: RequestNumbers;
  #lastWorkerId: number;

  /** @throws {TsworkerError} `CONFIG_INVALID` when parameters of scaling conflict with the stored ones. */
  constructor({ options, key, state, hooks }: EngineRunInput) {
    this.#options = options;
    this.key = key;
    this.token = tokenOf(options, state);
    this.#numbers = new RequestNumbers(
      state && { requestIdx: state.lastRequestIdx, reqnum: state.lastReqnum },
    );
    this.#lastWorkerId = state?.lastWorkerId ?? 0;
    this.endpoints = openEndpoints(options, state, {
      ...hooks,
      provider: options.provider,
      planner: options.planner ?? plan,
      numbers: this.#numbers,
      silentAfter: options.silentAfter,
      startTimeout: options.startTimeout,
      expectedCapacity: options.expectedCapacity,
      token: this.token ?? "",
      nextWorkerId: () => {
        this.#lastWorkerId += 1;
        return this.#lastWorkerId;
      },
      sign: (url) => key.sign(url),
    });
    this.deployments = new Deployments({
      endpoints: this.endpoints,
      records: state?.deployments ?? [],
      folder: options.state === undefined ? undefined : `${options.state}.deployments`,
      onChanged: hooks.onChanged,
      onNotice: hooks.onNotice,
    });
  }

  /** The endpoint that the engine was started with. */
  get own(): ManagedEndpoint | undefined {
    return this.endpoints.byName(this.#options.endpoint);
  }

  /**
   * The state to be written.
   *
   * @param isLast - whether nothing happens after it. Otherwise the counters are written with a margin: no number may be given
   * out twice if the engine is killed before the next write.
   */
  snapshot(isLast: boolean): EngineState {
    const margin = isLast ? { requests: 0, workers: 0 } : MARGIN;
    const { requestIdx, reqnum } = this.#numbers.last;
    return {
      version: STATE_VERSION,
      privateKey: this.key.privatePem,
      token: this.token,
      lastRequestIdx: requestIdx + margin.requests,
      lastReqnum: reqnum + margin.requests,
      lastId: this.endpoints.lastId,
      lastWorkerId: this.#lastWorkerId + margin.workers,
      endpoints: this.endpoints.all.map(({ record }) => record),
      groups: [...this.endpoints.groups],
      workers: this.endpoints.stored(),
      deployments: [...this.deployments.all],
    };
  }

  /** Stops the workers that the provider made. @param keep - whether they will be started again later. */
  async close(keep: boolean): Promise<void> {
    await Promise.all(this.endpoints.all.map(({ workers }) => workers.close(keep)));
    await this.deployments.close();
  }
}

/** The `mtoken` that reports must carry; undefined: reports need none. */
function tokenOf({ token, provider }: CheckedOptions, state: EngineState | undefined): string | undefined {
  if (typeof token === "string") return token === "" ? undefined : token;
  // With a provider, reports of workers that another engine left behind must be refused.
  return token === true || provider ? state?.token || nanoid() : undefined;
}

/**
 * The endpoints of an earlier run, if any, and that of the options, whose key and parameters take precedence over the
 * stored ones.
 *
 * @throws {TsworkerError} `CONFIG_INVALID` when the parameters conflict with the stored ones.
 */
export function openEndpoints(
  { endpoint: name, apiKey, scaling, provider }: CheckedOptions,
  state: EngineState | undefined,
  dependencies: EndpointDependencies,
): Endpoints {
  const known = state?.endpoints.find((record) => record.name === name);
  const parameters = parametersOf(known?.parameters, scaling ?? {});
  const endpoints = new Endpoints(state?.lastId ?? 0, dependencies);
  for (const record of state?.endpoints ?? []) endpoints.restore(record);
  const own = endpoints.byName(name);
  if (own) endpoints.change(own, { apiKey, parameters });
  const added = own ?? endpoints.create({ name, state: "active", parameters }, apiKey);
  for (const group of state?.groups ?? []) {
    endpoints.byId(group.endpoint_id)?.workers.groups.add(group);
  }
  // A provider makes workers for workergroups only.
  if (provider !== undefined && added.workers.groups.all.length === 0) {
    endpoints.addGroup(added, workergroupRequestSchema.parse({}));
  }
  for (const worker of state?.workers ?? []) endpoints.byId(worker.endpointId)?.workers.restore(worker);
  return endpoints;
}

function parametersOf(
  known: ScalingParameters | undefined,
  given: NonNullable<CheckedOptions["scaling"]>,
): ScalingParameters {
  const { data, error } = scalingParametersSchema.safeParse(known ? changedScaling(known, given) : given);
  if (data !== undefined) return data;
  const subject = "the endpoint, together with its stored parameters,";
  throw new TsworkerError("CONFIG_INVALID", formatErrors(subject, validationErrors(error)));
}
