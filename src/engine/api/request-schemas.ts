import { z } from "zod";
import type { EndedReport, WorkerStatus } from "../../shared/wire.js";
import { cut } from "./exchange.js";
import { MOST_FAULTS } from "./faults.js";

/** Far more than anything is, and so little that no sum of them is infinite or loses its units. */
const MOST = 1e12;
const amount = z.number().nonnegative().max(MOST);
const count = z.int().nonnegative();

/** Longest texts, in UTF-16 units: of an address, of anything else that is short, and of what is kept of an error. */
const MOST_URL = 2048;
const MOST_TEXT = 1024;
const MOST_ERROR = 4096;
/** Longest error that is taken at all. */
const MOST_GIVEN_ERROR = 64 * 1024;
/** Most entries of a list; a body of 4 MiB has no room for more. */
const MOST_ENTRIES = 100_000;

const text = z.string().max(MOST_TEXT);

/** Workload of a request of which its client says none. */
const DEFAULT_COST = 100;

/** Seconds after which a request that is not asked for is forgotten, where its client names none. */
const DEFAULT_REPLAY_TIMEOUT = 60;

/** Body of `POST /route/`. A cost may come as a number or its text. */
export const routeRequestSchema = z.object({
  endpoint: text,
  cost: z
    .union([z.number(), z.string().trim().min(1).transform(Number)])
    .nullish()
    .transform((cost) => cost ?? DEFAULT_COST)
    .pipe(amount),
  request_idx: count.nullish().transform((index) => index ?? 0),
  replay_timeout: amount.nullish().transform((seconds) => seconds ?? DEFAULT_REPLAY_TIMEOUT),
});

/** A list whose faults are listed up to the tenth: an error must not be longer than what it tells of. */
function listOf<Item>(item: z.ZodType<Item>) {
  return z.unknown().transform((given, context): Item[] => {
    const isList = Array.isArray(given);
    if (!isList || given.length > MOST_ENTRIES) {
      context.addIssue(isList ? `expected at most ${MOST_ENTRIES} entries` : "expected a list");
      return z.NEVER;
    }
    const items: Item[] = [];
    let faults = 0;
    for (const [index, each] of given.entries()) {
      const { data, error } = item.safeParse(each);
      if (error === undefined) items.push(data);
      for (const { path, message } of error?.issues ?? []) {
        context.addIssue({ code: "custom", path: [index, ...path], message });
        faults += 1;
      }
      if (faults > MOST_FAULTS) break;
    }
    return items;
  });
}

/** Body of `POST /worker_status/`. Unknown keys are dropped. */
export const workerStatusSchema = z.object({
  id: z.int(),
  mtoken: text,
  version: text,
  loadtime: amount,
  cur_load: amount,
  rej_load: amount,
  new_load: amount,
  error_msg: z
    .string()
    .max(MOST_GIVEN_ERROR)
    .transform((message) => cut(message, MOST_ERROR)),
  max_perf: amount,
  cur_perf: amount,
  cur_capacity: z.number(),
  max_capacity: z.number(),
  num_requests_working: count,
  num_requests_recieved: count,
  additional_disk_usage: z.number(),
  working_request_idxs: listOf(z.int()),
  url: z.string().max(MOST_URL),
}) satisfies z.ZodType<WorkerStatus>;

/** Body of `POST /delete_requests/`. Unknown keys are dropped. */
export const endedReportSchema = z.object({
  worker_id: z.int(),
  mtoken: text,
  requests: listOf(
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
