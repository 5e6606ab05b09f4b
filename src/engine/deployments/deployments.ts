import { nanoid } from "nanoid";
import { errorMessage } from "../../shared/errors.js";
import type { Endpoints } from "../endpoints/endpoints.js";
import type { ManagedEndpoint } from "../endpoints/managed-endpoint.js";
import {
  changedScaling,
  type ScalingParameters,
  scalingParametersSchema,
} from "../scaling/scaling-parameters.js";
import { workergroupRequestSchema } from "../workers/workergroup.js";
import { Archives } from "./archives.js";
import type { DeploymentRecord, DeploymentRequest, DeploymentVersion } from "./deployment-record.js";
import { variablesIn } from "./docker-env.js";

/** Versions whose code is kept. */
const KEPT_VERSIONS = 5;

/** Defaults that differ from those of an endpoint: processes of one machine are few. */
const SCALING = { cold_workers: 1, cold_mult: 1 };

/** What the engine did with a deployment. */
export interface Placed {
  readonly action: "created" | "soft_update" | "autoscale_update" | "exists";
  readonly record: DeploymentRecord;
  /** Secret of the upload; undefined: the code is here. */
  readonly upload: string | undefined;
  readonly evicted: readonly number[];
}

interface DeploymentsInput {
  readonly endpoints: Endpoints;
  readonly records: readonly DeploymentRecord[];
  /** Folder of the archives; undefined: a temporary one. */
  readonly folder: string | undefined;
  /** The stored state has changed. */
  readonly onChanged: () => void;
  /** A message for people. */
  readonly onNotice: (notice: string) => void;
}

/** The deployments of an engine: each has an endpoint, and a workergroup as soon as its code has arrived. */
export class Deployments {
  readonly #input: DeploymentsInput;
  readonly #records = new Map<number, DeploymentRecord>();
  readonly #archives: Archives;
  /** Ids of deployments by the secret of their upload. */
  readonly #uploads = new Map<string, number>();
  readonly #expirations = new Map<number, NodeJS.Timeout>();

  constructor(input: DeploymentsInput) {
    this.#input = input;
    this.#archives = new Archives(input.folder);
    for (const record of input.records) this.#set(record);
  }

  get all(): readonly DeploymentRecord[] {
    return [...this.#records.values()];
  }

  byId(id: number): DeploymentRecord | undefined {
    return this.#records.get(id);
  }

  byName(name: string, tag?: string): readonly DeploymentRecord[] {
    return this.all.filter((each) => each.name === name && (tag === undefined || each.tag === tag));
  }

  endpointOf({ endpointId }: DeploymentRecord): ManagedEndpoint | undefined {
    return this.#input.endpoints.byId(endpointId);
  }

  /**
   * Creates or updates a deployment. A version with new code counts when the code has arrived.
   *
   * @returns a text where it is refused.
   */
  async place(request: DeploymentRequest): Promise<Placed | string> {
    const known = this.byName(request.name, request.tag)[0];
    const endpoint = known && this.endpointOf(known);
    const scaling = scalingParametersSchema.safeParse(
      endpoint ? changedScaling(endpoint.record.parameters, request) : { ...SCALING, ...request },
    );
    if (!scaling.success) {
      return scaling.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
    }
    return known === undefined || endpoint === undefined
      ? this.#create(request, scaling.data)
      : this.#update(known, endpoint, request, scaling.data);
  }

  #create(request: DeploymentRequest, parameters: ScalingParameters): Placed | string {
    const { endpoints } = this.#input;
    const { name, tag } = request;
    const endpointName = tag === "default" ? name : `${name}-${tag}`;
    const existing = endpoints.byName(endpointName);
    if (existing !== undefined && existing.workers.groups.all.length > 0) {
      return `there is an endpoint named ${endpointName} with workers of its own: choose another name or tag`;
    }
    const endpoint = existing ?? endpoints.create({ name: endpointName, state: "active", parameters });
    if (existing) endpoints.change(existing, { parameters });
    const at = Date.now() / 1000;
    const record: DeploymentRecord = {
      id: endpoints.reserveId(),
      name,
      tag,
      endpointId: endpoint.record.id,
      groupId: null,
      key: nanoid(32),
      ttl: request.ttl,
      versions: [],
      pending: versionOf(request, 1),
      lastVersionId: 1,
      lastHealthyVersionId: null,
      createdAt: at,
      updatedAt: at,
      heartbeatAt: null,
    };
    this.#set(record);
    return { action: "created", record, upload: this.#awaitUpload(record), evicted: [] };
  }

  async #update(
    known: DeploymentRecord,
    endpoint: ManagedEndpoint,
    request: DeploymentRequest,
    parameters: ScalingParameters,
  ): Promise<Placed> {
    const isScaled = JSON.stringify(parameters) !== JSON.stringify(endpoint.record.parameters);
    if (isScaled) this.#input.endpoints.change(endpoint, { parameters });
    const renewed = { ...known, ttl: request.ttl };
    const version = versionOf(request, known.lastVersionId + 1);
    const current = known.versions.at(-1);
    if (current !== undefined && isSame(current, version)) {
      const record = { ...renewed, pending: null };
      this.#set(record);
      return { action: isScaled ? "autoscale_update" : "exists", record, upload: undefined, evicted: [] };
    }
    const pending = { ...renewed, lastVersionId: version.id, pending: version, updatedAt: version.createdAt };
    const action = current === undefined ? "created" : "soft_update";
    if (!(await this.#archives.has(known.id, version.fileHash))) {
      this.#set(pending);
      return { action, record: pending, upload: this.#awaitUpload(pending), evicted: [] };
    }
    const { record, evicted } = await this.#commit(pending, version);
    return { action, record, upload: undefined, evicted };
  }

  /** The version that an upload is awaited for; undefined: none with this secret. */
  awaited(secret: string): DeploymentVersion | undefined {
    return this.byId(this.#uploads.get(secret) ?? 0)?.pending ?? undefined;
  }

  /** Takes the code of the awaited version, which is current from then on. @returns why not, or undefined. */
  async takeUpload(secret: string, bytes: Uint8Array): Promise<string | undefined> {
    const record = this.byId(this.#uploads.get(secret) ?? 0);
    const version = record?.pending ?? undefined;
    if (record === undefined || version === undefined)
      return "no upload is awaited: register the deployment again";
    if (bytes.length !== version.fileSize) {
      return `expected a file of ${version.fileSize} bytes, as it was registered, got ${bytes.length}`;
    }
    await this.#archives.write(record.id, version.fileHash, bytes);
    this.#uploads.delete(secret);
    await this.#commit(record, version);
    return undefined;
  }

  /** The code of the current version; undefined: there is none yet. */
  async code(record: DeploymentRecord): Promise<Buffer | undefined> {
    const current = record.versions.at(-1);
    return current && this.#archives.read(record.id, current.fileHash);
  }

  beat(record: DeploymentRecord): void {
    this.#set({ ...record, heartbeatAt: Date.now() / 1000 });
  }

  /** Notes that workers of the current version have become ready. */
  noteHealthy(record: DeploymentRecord): void {
    const id = record.versions.at(-1)?.id ?? null;
    if (id !== record.lastHealthyVersionId) this.#set({ ...record, lastHealthyVersionId: id });
  }

  /** Starts or stops all workers. */
  enter(record: DeploymentRecord, state: "active" | "stopped"): void {
    const endpoint = this.endpointOf(record);
    if (endpoint) this.#input.endpoints.change(endpoint, { state });
  }

  /**
   * Removes a deployment with its workers and code. What cannot be removed is a notice.
   *
   * @param keepEndpoint - whether its endpoint stays.
   */
  async remove(record: DeploymentRecord, keepEndpoint: boolean): Promise<void> {
    try {
      await this.#remove(record, keepEndpoint);
    } catch (error) {
      this.#input.onNotice(`deployment ${record.name} was not removed as a whole: ${errorMessage(error)}`);
    }
  }

  async #remove(record: DeploymentRecord, keepEndpoint: boolean): Promise<void> {
    const { endpoints, onChanged } = this.#input;
    clearTimeout(this.#expirations.get(record.id));
    this.#records.delete(record.id);
    onChanged();
    await this.#archives.prune(record.id, []);
    const endpoint = this.endpointOf(record);
    if (endpoint === undefined) return;
    if (!keepEndpoint) await endpoints.remove(endpoint);
    else if (record.groupId !== null) endpoints.removeGroup(record.groupId);
  }

  async close(): Promise<void> {
    for (const timer of this.#expirations.values()) clearTimeout(timer);
    await this.#archives.close();
  }

  #awaitUpload({ id }: DeploymentRecord): string {
    for (const [secret, of] of this.#uploads) if (of === id) this.#uploads.delete(secret);
    const secret = nanoid(32);
    this.#uploads.set(secret, id);
    return secret;
  }

  /** Makes a version current. Workers that start from then on run it. */
  async #commit(record: DeploymentRecord, version: DeploymentVersion) {
    const versions = [...record.versions, version];
    const kept = versions.slice(-KEPT_VERSIONS);
    const evicted = versions.slice(0, -KEPT_VERSIONS).map(({ id }) => id);
    await this.#archives.prune(
      record.id,
      kept.map(({ fileHash }) => fileHash),
    );
    const groupId = this.#settleGroup(record, version);
    const committed = { ...record, versions: kept, pending: null, groupId };
    this.#set(committed);
    this.#input.onNotice(`deployment ${record.name} has version ${version.id}`);
    return { record: committed, evicted };
  }

  /** Makes the workergroup, or changes it for workers that start from then on. */
  #settleGroup(
    { id, key, groupId, endpointId }: DeploymentRecord,
    version: DeploymentVersion,
  ): number | null {
    const { endpoints } = this.#input;
    const endpoint = endpoints.byId(endpointId);
    if (endpoint === undefined) return groupId;
    const deployment = { id, key, env: variablesIn(version.env) };
    const group = groupId === null ? undefined : endpoint.workers.groups.get(groupId);
    if (group !== undefined) {
      const { id: _, endpoint_id, endpoint_name, created_at, ...settings } = group;
      return endpoints.changeGroup(group, { ...settings, deployment }).id;
    }
    const settings = workergroupRequestSchema.parse({
      search_params: version.searchParams,
      ...version.docker,
    });
    return endpoints.addGroup(endpoint, { ...settings, deployment }).id;
  }

  #set(record: DeploymentRecord): void {
    this.#records.set(record.id, record);
    this.#input.onChanged();
    clearTimeout(this.#expirations.get(record.id));
    if (record.ttl === null) return;
    // From its last change on: each heartbeat is one.
    const timer = setTimeout(() => this.#expire(record), Math.min(record.ttl * 1000, MAX_TIMER_MS));
    timer.unref();
    this.#expirations.set(record.id, timer);
  }

  #expire(record: DeploymentRecord): void {
    this.enter(record, "stopped");
    this.#input.onNotice(`deployment ${record.name} was stopped: no heartbeat for ${record.ttl} s`);
  }
}

const MAX_TIMER_MS = 2_147_483_647;

const versionOf = (request: DeploymentRequest, id: number): DeploymentVersion => ({
  id,
  label: request.version_label,
  fileHash: request.file_hash,
  fileSize: request.file_size,
  image: request.image,
  env: request.env,
  storage: request.storage,
  searchParams: request.search_params,
  docker: {
    docker_login_user: request.docker_login_user,
    docker_login_pass: request.docker_login_pass,
    docker_login_repo: request.docker_login_repo,
  },
  createdAt: Date.now() / 1000,
});

/** Whether workers of one version need not be replaced for the other. */
const isSame = (one: DeploymentVersion, other: DeploymentVersion): boolean =>
  one.fileHash === other.fileHash &&
  one.image === other.image &&
  one.env === other.env &&
  one.storage === other.storage &&
  one.searchParams === other.searchParams;
