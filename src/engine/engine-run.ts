import { nanoid } from "nanoid";
import type { CheckedOptions } from "./checked-options.js";
import type { EndpointSurroundings } from "./endpoints/endpoint-surroundings.js";
import type { Endpoints } from "./endpoints/endpoints.js";
import type { ManagedEndpoint } from "./endpoints/managed-endpoint.js";
import { openEndpoints } from "./endpoints/open-endpoints.js";
import { RequestNumbers } from "./routing/request-numbers.js";
import type { SigningKey } from "./routing/signing-key.js";
import { plan } from "./scaling/plan.js";
import { type EngineState, STATE_VERSION } from "./state/engine-state.js";

/** How far the counters may go between two writings of the state. */
const MARGIN = { requests: 10_000, workers: 100 };

interface EngineRunInput {
  readonly options: CheckedOptions;
  readonly key: SigningKey;
  /** What an earlier run left; undefined: there was none. */
  readonly state: EngineState | undefined;
  readonly hooks: Pick<
    EndpointSurroundings,
    "engineUrl" | "onRequested" | "onWorker" | "onPlan" | "onNotice" | "onChanged"
  >;
}

/** What an engine knows and gives out from its start to its stop. */
export class EngineRun {
  readonly key: SigningKey;
  readonly endpoints: Endpoints;
  /** The `mtoken` that reports must carry; undefined: any. */
  readonly token: string | undefined;
  readonly #options: CheckedOptions;
  readonly #numbers: RequestNumbers;
  #lastWorkerId: number;

  /** @throws {TsworkerError} `CONFIG_INVALID` for parameters of scaling that do not go with those of before. */
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
  }

  /** The endpoint that the engine was started with. */
  get own(): ManagedEndpoint | undefined {
    return this.endpoints.byName(this.#options.endpoint);
  }

  /**
   * What outlives it.
   *
   * @param isLast - whether nothing happens after it. What happens after it and is not written any more, because the
   * engine is killed, must not lead to a number that is given out twice.
   */
  remember(isLast: boolean): EngineState {
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
      workers: this.endpoints.remembered(),
    };
  }

  /** Ends the workers that the provider made. @param keep - whether they are to be started again later. */
  async close(keep: boolean): Promise<void> {
    await Promise.all(this.endpoints.all.map(({ workforce }) => workforce.close(keep)));
  }
}

/** The `mtoken` that reports must carry; undefined: any. */
function tokenOf({ token, provider }: CheckedOptions, state: EngineState | undefined): string | undefined {
  if (typeof token === "string") return token === "" ? undefined : token;
  // Where workers are made, one that an earlier engine made and left is not to be taken for another.
  return token === true || provider ? state?.token || nanoid() : undefined;
}
