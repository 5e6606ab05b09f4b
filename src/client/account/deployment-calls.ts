import { TsworkerError } from "../../shared/errors.js";
import { fieldsOf } from "../request/http-response.js";
import type { JsonCall } from "../request/json-call.js";
import type { CallOptions } from "./account-calls.js";
import type { EndpointParameters } from "./account-records.js";
import { unexpectedAnswer } from "./endpoint-worker.js";

/** A deployment to create or update, by its names on the wire. */
export interface DeploymentConfig extends Omit<EndpointParameters, "endpoint_state"> {
  readonly name: string;
  readonly tag?: string | undefined;
  /** Docker image of its workers. */
  readonly image: string;
  /** Hash of its code and settings, in hexadecimal digits: code of a known hash is not uploaded again. */
  readonly file_hash: string;
  /** Bytes of the archive with its code. */
  readonly file_size: number;
  /** Options of `docker run`, such as `-e NAME=value`. */
  readonly env?: string | undefined;
  readonly search_params?: string | undefined;
  /** GB of disk. */
  readonly storage?: number | undefined;
  /** Seconds without a heartbeat after which it is stopped. */
  readonly ttl?: number | undefined;
  readonly version_label?: string | undefined;
}

/** What the service did with a deployment. */
export interface PlacedDeployment {
  readonly action: "created" | "soft_update" | "autoscale_update" | "exists";
  readonly deployment_id: number;
  readonly endpoint_id: number;
  readonly workergroup_id?: number | null | undefined;
  /** Where the archive goes; undefined: the service has it. */
  readonly upload_url?: string | undefined;
  readonly upload_fields?: Readonly<Record<string, string>> | undefined;
}

/** A deployment of the account. Fields that only local engines have are optional. */
export interface DeploymentRecord {
  readonly id: number;
  readonly name: string;
  readonly tag: string;
  readonly endpoint_id: number | null;
  readonly file_hash: string;
  readonly current_version_id: number;
  readonly worker_count?: number | null | undefined;
  readonly workergroup_id?: number | null | undefined;
  readonly endpoint_name?: string | null | undefined;
  /** Workers that are ready. */
  readonly ready_count?: number | undefined;
  /** State of the last rolling update; null: there was none. */
  readonly update?:
    | {
        readonly state: "in progress" | "complete" | "stopped" | "cancelled";
        /** Why it stopped. */
        readonly reason: string | null;
      }
    | null
    | undefined;
  readonly starts_workers?: boolean | undefined;
  /** Why a worker is not ready. */
  readonly failure?: string | null | undefined;
}

const ALL = "api/v0/deployments/";
const ONE = "api/v0/deployment/";

/** Longest upload, in milliseconds: 10 minutes. */
const UPLOAD_MS = 600_000;

interface DeploymentCallsInput {
  readonly call: (
    method: JsonCall["method"],
    path: string,
    body: object | undefined,
    options: CallOptions | undefined,
  ) => Promise<unknown>;
  readonly fetch: typeof fetch;
}

/**
 * The calls that manage an account's deployments: the code of remote functions, with an endpoint each. They throw as those of
 * {@link Serverless} for endpoints.
 */
export class DeploymentCalls {
  readonly #input: DeploymentCallsInput;

  constructor(input: DeploymentCallsInput) {
    this.#input = input;
  }

  /** Creates or updates a deployment. */
  async put(config: DeploymentConfig, options?: CallOptions): Promise<PlacedDeployment> {
    const json = await this.#input.call("PUT", ALL, config, options);
    if (typeof fieldsOf(json).deployment_id !== "number") throw unexpectedAnswer("a deployment's id", json);
    return json as PlacedDeployment;
  }

  /**
   * Uploads the archive that {@link put} requires.
   *
   * @throws {TsworkerError} `ENGINE_UNREACHABLE`, `ENGINE_REFUSED`.
   */
  async upload({ upload_url, upload_fields = {} }: PlacedDeployment, archive: Uint8Array): Promise<void> {
    if (upload_url === undefined) throw new TsworkerError("CONFIG_INVALID", "no upload is asked for");
    const form = new FormData();
    for (const [name, value] of Object.entries(upload_fields)) form.append(name, value);
    const bytes = new Uint8Array(archive);
    form.append("file", new Blob([bytes], { type: "application/gzip" }), "deployment.tar.gz");
    let response: Response;
    try {
      response = await this.#input.fetch(upload_url, {
        method: "POST",
        body: form,
        redirect: "manual",
        signal: AbortSignal.timeout(UPLOAD_MS),
      });
    } catch (cause) {
      throw new TsworkerError("ENGINE_UNREACHABLE", `the archive could not be uploaded: ${String(cause)}`, {
        cause,
      });
    }
    if (response.ok) return;
    const text = (await response.text()).slice(0, 500);
    throw new TsworkerError("ENGINE_REFUSED", `the upload was answered ${response.status}: ${text}`);
  }

  async list(options?: CallOptions): Promise<readonly DeploymentRecord[]> {
    const { deployments } = fieldsOf(await this.#input.call("GET", ALL, undefined, options));
    if (!Array.isArray(deployments)) throw unexpectedAnswer("a list of deployments", deployments);
    return deployments;
  }

  async get(id: number, options?: CallOptions): Promise<DeploymentRecord> {
    const json = await this.#input.call("GET", `${ONE}${id}/`, undefined, options);
    const { deployment } = fieldsOf(json);
    if (typeof fieldsOf(deployment).id !== "number") throw unexpectedAnswer("a deployment", json);
    return deployment as DeploymentRecord;
  }

  /** Starts the workers of a deployment that was stopped. */
  async start(id: number, options?: CallOptions): Promise<void> {
    await this.#input.call("POST", `${ONE}${id}/start/`, {}, options);
  }

  /** Stops all workers of a deployment, and keeps its code. */
  async stop(id: number, options?: CallOptions): Promise<void> {
    await this.#input.call("POST", `${ONE}${id}/stop/`, {}, options);
  }

  /** Reports to the service that a deployment with a `ttl` is still in use. */
  async heartbeat(id: number, options?: CallOptions): Promise<void> {
    await this.#input.call("POST", `${ONE}${id}/heartbeat/`, {}, options);
  }

  /** Deletes a deployment with its endpoint and code. */
  async delete(id: number, options?: CallOptions): Promise<void> {
    await this.#input.call("DELETE", `${ONE}${id}/`, undefined, options);
  }
}
