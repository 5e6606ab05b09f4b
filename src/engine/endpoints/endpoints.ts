import { nanoid } from "nanoid";
import type { EndpointRecord } from "../state/endpoint-record.js";
import type { RememberedWorker } from "../state/engine-state.js";
import type { Workergroup } from "../workers/workergroup.js";
import type { EndpointSurroundings } from "./endpoint-surroundings.js";
import { ManagedEndpoint } from "./managed-endpoint.js";

/** What may be said of an endpoint that is to be made or changed. */
export type EndpointWish = Pick<EndpointRecord, "name" | "state" | "parameters">;

/** The engine's endpoints, by id. Names are unique. */
export class Endpoints {
  readonly #surroundings: EndpointSurroundings;
  readonly #endpoints = new Map<number, ManagedEndpoint>();
  #lastId: number;

  constructor(lastId: number, surroundings: EndpointSurroundings) {
    this.#lastId = lastId;
    this.#surroundings = surroundings;
  }

  /** Highest id given out, to endpoints and workergroups. */
  get lastId(): number {
    return this.#lastId;
  }

  get all(): readonly ManagedEndpoint[] {
    return [...this.#endpoints.values()];
  }

  get groups(): readonly Workergroup[] {
    return this.all.flatMap(({ workforce }) => workforce.groups);
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
  create(wish: EndpointWish, apiKey: string = nanoid(32)): ManagedEndpoint {
    return this.restore({ ...wish, id: this.#nextId(), apiKey, createdAt: Date.now() / 1000 });
  }

  /** Goes on with an endpoint of an earlier run. */
  restore(record: EndpointRecord): ManagedEndpoint {
    const endpoint = new ManagedEndpoint(record, this.#surroundings);
    this.#endpoints.set(record.id, endpoint);
    this.#surroundings.onChanged();
    return endpoint;
  }

  change(endpoint: ManagedEndpoint, wish: Partial<EndpointWish> & { readonly apiKey?: string }): void {
    endpoint.change({ ...endpoint.record, ...wish });
    this.#surroundings.onChanged();
  }

  /** Takes an endpoint away, with all its workers. Resolves when they are gone. */
  async remove(endpoint: ManagedEndpoint): Promise<void> {
    this.#endpoints.delete(endpoint.record.id);
    this.#surroundings.onChanged();
    await endpoint.workforce.close(false);
  }

  addGroup(
    endpoint: ManagedEndpoint,
    wish: Omit<Workergroup, "id" | "endpoint_id" | "endpoint_name" | "created_at">,
  ): Workergroup {
    const { id, name } = endpoint.record;
    const group: Workergroup = {
      ...wish,
      id: this.#nextId(),
      endpoint_id: id,
      endpoint_name: name,
      created_at: Date.now() / 1000,
    };
    endpoint.workforce.addGroup(group);
    this.#surroundings.onChanged();
    return group;
  }

  /** @returns whether there was one. Its workers are destroyed. */
  removeGroup(id: number): boolean {
    const endpoint = this.all.find(({ workforce }) => workforce.groups.some((group) => group.id === id));
    endpoint?.workforce.removeGroup(id);
    if (endpoint) this.#surroundings.onChanged();
    return endpoint !== undefined;
  }

  remembered(): RememberedWorker[] {
    return this.all.flatMap((endpoint) => endpoint.workforce.remembered());
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}
