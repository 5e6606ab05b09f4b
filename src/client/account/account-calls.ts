import { TsworkerError } from "../../shared/errors.js";
import { urlAt } from "../../shared/url.js";
import { fieldsOf } from "../request/http-response.js";
import { callJson, type JsonCall } from "../request/json-call.js";
import type {
  EndpointParameters,
  EndpointRecord,
  NewWorkergroup,
  Workergroup,
  WorkergroupParameters,
} from "./account-records.js";
import { DeploymentCalls } from "./deployment-calls.js";
import { unexpectedAnswer } from "./endpoint-worker.js";

interface AccountCallsInput {
  readonly apiKey: string;
  readonly engineUrl: string;
  readonly webUrl: string | null;
  readonly fetch: typeof fetch;
  /** Called after a change of the account's endpoints. */
  readonly onChanged: () => void;
}

/** Options of the calls of an account. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Time limit of a call, in milliseconds. */
const TIMEOUT_MS = 30_000;

const ENDPOINTS = "api/v0/endptjobs/";
const GROUPS = "api/v0/workergroups/";

/**
 * The calls that manage an account's endpoints and workergroups. Each one is made once, with the account's key.
 *
 * All of them throw {@link TsworkerError} `ENGINE_UNREACHABLE`, `ENGINE_REFUSED` (with the reason), `ENGINE_INVALID`, or
 * `CONFIG_INVALID` where `webUrl` is null; and the signal's reason when it is aborted.
 */
export class AccountCalls {
  /** The calls that manage deployments. */
  readonly deployments: DeploymentCalls;
  readonly #input: AccountCallsInput;

  constructor(input: AccountCallsInput) {
    this.#input = input;
    this.deployments = new DeploymentCalls({
      call: (...call) => this.#web(...call),
      fetch: input.fetch,
    });
  }

  /** All endpoints of the account. */
  async getEndpoints(options?: CallOptions): Promise<readonly EndpointRecord[]> {
    return this.#list<EndpointRecord>(`${ENDPOINTS}?client_id=me`, options);
  }

  /** An endpoint by id or name. */
  async getEndpoint(idOrName: number | string, options?: CallOptions): Promise<EndpointRecord> {
    if (typeof idOrName === "string") {
      const all = await this.getEndpoints(options);
      const found = all.find(({ endpoint_name }) => endpoint_name === idOrName);
      if (found) return found;
      const names = all.map(({ endpoint_name }) => `"${endpoint_name}"`).join(", ") || "none";
      throw new TsworkerError(
        "ENGINE_REFUSED",
        `the account has no endpoint "${idOrName}"; its endpoints are: ${names}`,
      );
    }
    const json = await this.#web("GET", `${ENDPOINTS}${idOrName}/`, undefined, options);
    const { result } = fieldsOf(json);
    if (typeof fieldsOf(result).id !== "number") throw unexpectedAnswer("an endpoint", json);
    return result as EndpointRecord;
  }

  /** Creates an endpoint. @returns its id. */
  async createEndpoint(
    endpoint: EndpointParameters & { readonly endpoint_name: string },
    options?: CallOptions,
  ): Promise<number> {
    const json = await this.#web("POST", ENDPOINTS, endpoint, options);
    this.#input.onChanged();
    return idIn(json, "result");
  }

  /** Changes an endpoint; parameters that are not given stay. */
  async updateEndpoint(
    id: number,
    changes: EndpointParameters & { readonly endpoint_name?: string | undefined },
    options?: CallOptions,
  ): Promise<void> {
    await this.#web("PUT", `${ENDPOINTS}${id}/`, { ...changes, endptjob_id: id }, options);
    this.#input.onChanged();
  }

  /** Deletes an endpoint, and its workergroups. */
  async deleteEndpoint(id: number, options?: CallOptions): Promise<void> {
    await this.#web("DELETE", `${ENDPOINTS}${id}/`, { endptjob_id: id }, options);
    this.#input.onChanged();
  }

  /** All workergroups of the account. */
  async getWorkergroups(options?: CallOptions): Promise<readonly Workergroup[]> {
    return this.#list<Workergroup>(GROUPS, options);
  }

  /** Creates a workergroup. @returns its id. */
  async createWorkergroup(group: NewWorkergroup, options?: CallOptions): Promise<number> {
    // The hosted service requires the field.
    return idIn(await this.#web("POST", GROUPS, { search_params: "", ...group }, options), "id");
  }

  /** Changes a workergroup; parameters that are not given stay. Its workers change with {@link updateWorkers}. */
  async updateWorkergroup(id: number, changes: WorkergroupParameters, options?: CallOptions): Promise<void> {
    await this.#web("PUT", `${GROUPS}${id}/`, { ...changes, autojob_id: id }, options);
  }

  /** Deletes a workergroup. */
  async deleteWorkergroup(id: number, options?: CallOptions): Promise<void> {
    await this.#web("DELETE", `${GROUPS}${id}/`, { autojob_id: id }, options);
  }

  /**
   * Starts a rolling update of all workers of a workergroup: they are replaced by new ones without an interruption.
   *
   * @returns the engine's answer.
   */
  async updateWorkers(
    workergroupId: number,
    { cancel = false, ...options }: CallOptions & { readonly cancel?: boolean | undefined } = {},
  ): Promise<Readonly<Record<string, unknown>>> {
    const { apiKey, engineUrl } = this.#input;
    const body = { workergroup_id: workergroupId, api_key: apiKey, ...(cancel && { cancel_update: true }) };
    const url = urlAt(engineUrl, "update_workers/");
    return fieldsOf(await this.#call({ server: "the engine", method: "POST", url, body, ...options }));
  }

  async #list<Item>(path: string, options: CallOptions | undefined): Promise<readonly Item[]> {
    const json = await this.#web("GET", path, undefined, options);
    const { results } = fieldsOf(json);
    if (!Array.isArray(results)) throw unexpectedAnswer("a list of results", json);
    return results;
  }

  #web(
    method: JsonCall["method"],
    path: string,
    body: object | undefined,
    options: CallOptions | undefined,
  ): Promise<unknown> {
    const { webUrl } = this.#input;
    if (webUrl === null) {
      throw new TsworkerError(
        "CONFIG_INVALID",
        "endpoints, workergroups and deployments are managed by the web service: set webUrl",
      );
    }
    const url = urlAt(webUrl, path);
    const named = body && { client_id: "me", ...body };
    return this.#call({ server: "the web service", method, url, body: named, ...options });
  }

  async #call(call: Pick<JsonCall, "server" | "method" | "url" | "body" | "signal">): Promise<unknown> {
    const { apiKey, fetch } = this.#input;
    const result = await callJson({ fetch, apiKey, withinMs: TIMEOUT_MS, ...call });
    if ("failure" in result) throw result.failure;
    return result.json;
  }
}

function idIn(json: unknown, field: "id" | "result"): number {
  const id = fieldsOf(json)[field];
  if (typeof id === "number") return id;
  throw unexpectedAnswer("an id", json);
}
