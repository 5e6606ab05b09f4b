/** States of an endpoint; the engine does not scale a suspended one, and a stopped one has no workers. */
export type EndpointState = "active" | "suspended" | "stopped";

/** Scaling parameters of an endpoint, by their names on the wire. Loads are in units of workload per second. */
export interface EndpointParameters {
  readonly endpoint_state?: EndpointState | undefined;
  readonly min_load?: number | undefined;
  readonly min_cold_load?: number | undefined;
  readonly target_util?: number | undefined;
  readonly cold_mult?: number | undefined;
  /** Workers with a loaded model, active or not. */
  readonly cold_workers?: number | undefined;
  readonly max_workers?: number | undefined;
  /** Seconds. */
  readonly max_queue_time?: number | undefined;
  /** Seconds. */
  readonly target_queue_time?: number | undefined;
  /** Seconds without requests until the endpoint may scale to zero; null: never. */
  readonly inactivity_timeout?: number | null | undefined;
}

/** An endpoint of the account. */
export interface EndpointRecord extends EndpointParameters {
  readonly id: number;
  readonly endpoint_name: string;
  /** The endpoint's own key. */
  readonly api_key: string;
  readonly user_id: number;
  /** Epoch seconds. */
  readonly created_at: number;
}

/** Parameters of a workergroup, by their names on the wire. */
export interface WorkergroupParameters {
  readonly template_hash?: string | undefined;
  readonly template_id?: number | undefined;
  readonly search_params?: string | Readonly<Record<string, unknown>> | undefined;
  readonly launch_args?: string | undefined;
  /** GB. */
  readonly gpu_ram?: number | undefined;
  readonly min_load?: number | undefined;
  readonly min_cold_load?: number | undefined;
  readonly target_util?: number | undefined;
  readonly cold_mult?: number | undefined;
  readonly cold_workers?: number | undefined;
  readonly max_workers?: number | undefined;
  readonly test_workers?: number | undefined;
  readonly docker_login_user?: string | undefined;
  readonly docker_login_pass?: string | undefined;
  readonly docker_login_repo?: string | undefined;
}

/** Parameters of a new workergroup: the id or the name of its endpoint is required. */
export type NewWorkergroup = WorkergroupParameters &
  ({ readonly endpoint_id: number } | { readonly endpoint_name: string });

/** A workergroup of the account. */
export interface Workergroup extends WorkergroupParameters {
  readonly id: number;
  readonly endpoint_id: number;
  readonly endpoint_name: string;
}
