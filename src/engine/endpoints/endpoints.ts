import { nanoid } from "nanoid";
import type { RequestNumbers } from "../routing/dispatcher.js";
import type { Plan } from "../scaling/fleet.js";
import type { Planner } from "../scaling/plan.js";
import type { EndpointRecord } from "../state/endpoint-record.js";
import type { StoredWorker } from "../state/engine-state.js";
import type { Provider } from "../workers/provider.js";
import type { WorkerView } from "../workers/worker-view.js";
import type { Workergroup, WorkergroupSettings } from "../workers/workergroup.js";
import { ManagedEndpoint } from "./managed-endpoint.js";

/** The settings of an endpoint. */
export type EndpointSettings = Pick<EndpointRecord, "name" | "state" | "parameters">;

/** The engine's endpoints, by id. Names are unique. */
export class Endpoints {
  readonly #dependencies: EndpointDependencies;
  readonly #endpoints = new Map<number, ManagedEndpoint>();
  #lastId: number;

  constructor(lastId: number, dependencies: EndpointDependencies) {
    this.#lastId = lastId;
    this.#dependencies = dependencies;
  }

  /** Highest id of endpoints, workergroups and deployments so far. */
  get lastId(): number {
    return this.#lastId;
  }

  /** An id that nothing else gets. */
  reserveId(): number {
    return this.#nextId();
  }

  get all(): readonly ManagedEndpoint[] {
    return [...this.#endpoints.values()];
  }

  get groups(): readonly Workergroup[] {
    return this.all.flatMap(({ workers }) => workers.groups.all);
  }

  byId(id: number): ManagedEndpoint | undefined {
    return this.#endpoints.get(id);
  }

  byName(name: string): ManagedEndpoint | undefined {
    return this.all.find(({ record }) => record.name === name);
  }

  /** Whether a key is that of an endpoint. */
  hasKey(key: string): boolean {
    for (const { record } of this.#endpoints.values()) if (record.apiKey === key) return true;
    return false;
  }

  /** @param apiKey - default: a new one. */
  create(settings: EndpointSettings, apiKey: string = nanoid(32)): ManagedEndpoint {
    return this.restore({ ...settings, id: this.#nextId(), apiKey, createdAt: Date.now() / 1000 });
  }

  /** Adds an endpoint of an earlier run. */
  restore(record: EndpointRecord): ManagedEndpoint {
    const endpoint = new ManagedEndpoint(record, this.#dependencies);
    this.#endpoints.set(record.id, endpoint);
    this.#dependencies.onChanged();
    return endpoint;
  }

  change(
    endpoint: ManagedEndpoint,
    settings: Partial<EndpointSettings> & { readonly apiKey?: string },
  ): void {
    endpoint.change({ ...endpoint.record, ...settings });
    this.#dependencies.onChanged();
  }

  /** Removes an endpoint and its workers. Resolves when they are gone. */
  async remove(endpoint: ManagedEndpoint): Promise<void> {
    this.#endpoints.delete(endpoint.record.id);
    this.#dependencies.onChanged();
    await endpoint.workers.close(false);
  }

  /** The endpoint of a workergroup. */
  ofGroup(id: number): ManagedEndpoint | undefined {
    return this.all.find(({ workers }) => workers.groups.all.some((group) => group.id === id));
  }

  addGroup(endpoint: ManagedEndpoint, settings: WorkergroupSettings): Workergroup {
    const { id, name } = endpoint.record;
    const group: Workergroup = {
      ...settings,
      id: this.#nextId(),
      endpoint_id: id,
      endpoint_name: name,
      created_at: Date.now() / 1000,
    };
    endpoint.workers.groups.add(group);
    this.#dependencies.onChanged();
    return group;
  }

  /** Changes a workergroup. Its existing workers keep the settings that they were made with. */
  changeGroup(group: Workergroup, settings: WorkergroupSettings): Workergroup {
    const changed = { ...group, ...settings };
    this.ofGroup(group.id)?.workers.groups.change(changed);
    this.#dependencies.onChanged();
    return changed;
  }

  /** Removes a workergroup and destroys its workers. @returns whether it existed. */
  removeGroup(id: number): boolean {
    const endpoint = this.ofGroup(id);
    endpoint?.workers.groups.remove(id);
    if (endpoint) this.#dependencies.onChanged();
    return endpoint !== undefined;
  }

  stored(): StoredWorker[] {
    return this.all.flatMap((endpoint) => endpoint.workers.stored());
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}

/** The parts of an engine that its endpoints share. */
export interface EndpointDependencies {
  /** Undefined: workers announce themselves, and nothing is scaled. */
  readonly provider: Provider | undefined;
  readonly planner: Planner;
  readonly numbers: RequestNumbers;
  /** Seconds without a report after which a worker has failed. */
  readonly silentAfter: number;
  /** Seconds between a worker's start and its first report after which it has failed. */
  readonly startTimeout: number;
  /** Workload per second assumed of a worker while none has been measured. */
  readonly expectedCapacity: number;
  /** The `mtoken` that workers are given. */
  readonly token: string;
  readonly nextWorkerId: () => number;
  readonly engineUrl: () => string;
  readonly sign: (url: string) => string;
  readonly onRequested: (cost: number) => void;
  /** A worker that the engine manages has another status. */
  readonly onWorker: (worker: WorkerView) => void;
  /** A plan changes something. */
  readonly onPlan: (endpoint: string, plan: Plan) => void;
  /** A message for people. */
  readonly onNotice: (notice: string) => void;
  /** The stored state has changed. */
  readonly onChanged: () => void;
}
