/**
 * Messages between client, worker and engine. All times are in seconds.
 * Field names are the protocol's own, misspellings included.
 */

/**
 * The engine's answer to `/route/` when a worker is ready; the client forwards it unchanged.
 *
 * @example
 * ```ts
 * const urlOf = ({ url, request_idx }: AuthData): string => `${url}/v1/completions#${request_idx}`;
 * ```
 */
export interface AuthData {
  /** Workload that the client estimated, as a number or its text. */
  readonly cost: string | number;
  /** Name of the endpoint. */
  readonly endpoint: string;
  /** Number of the request at the engine. */
  readonly reqnum: number;
  /** Index under which the engine keeps the request across retries. */
  readonly request_idx: number;
  /** Base64 of the RSASSA-PKCS1-v1_5 (SHA-256) signature over the worker's URL. */
  readonly signature: string;
  /** The worker's public URL. */
  readonly url: string;
}

/**
 * A JSON object as sent by a client, in the original order of keys.
 *
 * @example
 * ```ts
 * const payload: Payload = { prompt: "hello", max_tokens: 128 };
 * ```
 */
export type Payload = Record<string, unknown>;

/**
 * The body of a request to a handler route.
 *
 * @example
 * ```ts
 * const bodyOf = (auth_data: AuthData): Envelope => ({ auth_data, payload: { prompt: "hello" } });
 * ```
 */
export interface Envelope {
  readonly auth_data: AuthData;
  readonly payload: Payload;
  readonly session_id?: string | null;
}

/**
 * Body of `POST /worker_status/`, with which a worker reports its load to the engine.
 *
 * @example
 * ```ts
 * const isBusy = ({ num_requests_working }: WorkerStatus): boolean => num_requests_working > 0;
 * ```
 */
export interface WorkerStatus {
  readonly id: number;
  readonly mtoken: string;
  readonly version: string;
  /** Seconds from start to ready; in one report only, 0 in others. */
  readonly loadtime: number;
  /** Workload of the requests waiting or running now. */
  readonly cur_load: number;
  /** Workload rejected since the last delivered report. */
  readonly rej_load: number;
  /** Workload received minus cancelled since the last delivered report, never negative. */
  readonly new_load: number;
  /** Empty unless errored. */
  readonly error_msg: string;
  /** Workload per second, as the benchmark measured it. */
  readonly max_perf: number;
  /** Workload served since the last delivered report. */
  readonly cur_perf: number;
  readonly cur_capacity: number;
  readonly max_capacity: number;
  readonly num_requests_working: number;
  readonly num_requests_recieved: number;
  /** GiB of disk used on `/` now minus at the previous report. */
  readonly additional_disk_usage: number;
  readonly working_request_idxs: readonly number[];
  readonly url: string;
}

/**
 * Outcome of an ended request in a report to the engine.
 *
 * @example
 * ```ts
 * const served: EndedStatus = "Success";
 * ```
 */
export type EndedStatus = "Success" | "Error" | "Cancelled" | "Rejected";

/**
 * One entry of `POST /delete_requests/`. Times are epoch seconds, 0 where the event did not occur.
 *
 * @example
 * ```ts
 * const secondsOfWork = ({ work_started_at, work_completed_at }: EndedRequest): number => work_completed_at - work_started_at;
 * ```
 */
export interface EndedRequest {
  readonly request_idx: number;
  readonly success: boolean;
  readonly status: EndedStatus;
  readonly entered_queue_at: number;
  readonly work_started_at: number;
  readonly work_completed_at: number;
}

/**
 * Body of `POST /delete_requests/`, with which a worker reports ended requests to the engine.
 *
 * @example
 * ```ts
 * const failures = ({ requests }: EndedReport): number => requests.filter(({ success }) => !success).length;
 * ```
 */
export interface EndedReport {
  readonly worker_id: number;
  readonly mtoken: string;
  readonly requests: readonly EndedRequest[];
}
