import { z } from "zod";
import type { EndedReport, WorkerStatus } from "../wire.js";

/** Far more than anything is, and so little that no sum of them is infinite or loses its units. */
const MOST = 1e12;
const amount = z.number().nonnegative().max(MOST);
const count = z.int().nonnegative();

/** Workload of a request of which its client says none. */
const DEFAULT_COST = 100;

/** Seconds after which a request that is not asked for is forgotten, where its client names none. */
const DEFAULT_REPLAY_TIMEOUT = 60;

/** Body of `POST /route/`. A cost may come as a number or its text. */
export const routeRequestSchema = z.object({
  endpoint: z.string(),
  api_key: z.string().nullish(),
  cost: z
    .union([z.number(), z.string().trim().min(1).transform(Number)])
    .nullish()
    .transform((cost) => cost ?? DEFAULT_COST)
    .pipe(amount),
  request_idx: count.nullish().transform((index) => index ?? 0),
  replay_timeout: amount.nullish().transform((seconds) => seconds ?? DEFAULT_REPLAY_TIMEOUT),
});

/** Body of `POST /worker_status/`. Unknown keys are dropped. */
export const workerStatusSchema = z.object({
  id: z.int(),
  mtoken: z.string(),
  version: z.string(),
  loadtime: amount,
  cur_load: amount,
  rej_load: amount,
  new_load: amount,
  error_msg: z.string(),
  max_perf: amount,
  cur_perf: amount,
  cur_capacity: z.number(),
  max_capacity: z.number(),
  num_requests_working: count,
  num_requests_recieved: count,
  additional_disk_usage: z.number(),
  working_request_idxs: z.array(z.int()),
  url: z.string(),
}) satisfies z.ZodType<WorkerStatus>;

/** Body of `POST /delete_requests/`. Unknown keys are dropped. */
export const endedReportSchema = z.object({
  worker_id: z.int(),
  mtoken: z.string(),
  requests: z.array(
    z.object({
      request_idx: z.int(),
      success: z.boolean(),
      status: z.enum(["Success", "Error", "Cancelled", "Rejected"]),
      entered_queue_at: amount,
      work_started_at: amount,
      work_completed_at: amount,
    }),
  ),
}) satisfies z.ZodType<EndedReport>;
