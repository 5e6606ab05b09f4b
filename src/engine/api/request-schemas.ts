import { z } from "zod";
import type { EndedReport, WorkerStatus } from "../../shared/wire.js";
import { cut, MAX_ERRORS } from "./exchange.js";

/** Beyond any real amount, and small enough that sums stay finite and exact to the unit. */
const MAX_AMOUNT = 1e12;
const amount = z.number().nonnegative().max(MAX_AMOUNT);
const count = z.int().nonnegative();

/** Longest texts, in UTF-16 units: of a URL, of other short texts, and of the part of an error that is kept. */
const MAX_URL = 2048;
const MAX_TEXT = 1024;
const MAX_ERROR = 4096;
/** Longest error that is accepted. */
const MAX_GIVEN_ERROR = 64 * 1024;
/** Most entries of a list; a body of 4 MiB has no room for more. */
const MAX_ENTRIES = 100_000;

const text = z.string().max(MAX_TEXT);

/** Workload of a request without a cost. */
const DEFAULT_COST = 100;

/** Seconds after which a request is forgotten when its client does not ask again. */
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

/** A list of which the first ten invalid items are reported: the error must not be longer than the input. */
function listOf<Item>(item: z.ZodType<Item>) {
  return z.unknown().transform((given, context): Item[] => {
    const isList = Array.isArray(given);
    if (!isList || given.length > MAX_ENTRIES) {
      context.addIssue(isList ? `expected at most ${MAX_ENTRIES} entries` : "expected a list");
      return z.NEVER;
    }
    const items: Item[] = [];
    let errors = 0;
    for (const [index, each] of given.entries()) {
      const { data, error } = item.safeParse(each);
      if (error === undefined) items.push(data);
      for (const { path, message } of error?.issues ?? []) {
        context.addIssue({ code: "custom", path: [index, ...path], message });
        errors += 1;
      }
      if (errors > MAX_ERRORS) break;
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
    .max(MAX_GIVEN_ERROR)
    .transform((message) => cut(message, MAX_ERROR)),
  max_perf: amount,
  cur_perf: amount,
  cur_capacity: z.number(),
  max_capacity: z.number(),
  num_requests_working: count,
  num_requests_recieved: count,
  additional_disk_usage: z.number(),
  working_request_idxs: listOf(z.int()),
  url: z.string().max(MAX_URL),
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
