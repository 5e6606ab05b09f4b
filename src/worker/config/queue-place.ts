import type { HandlerConfig } from "./config.js";

/** Name of the queue that serial handlers share unless they name another. */
const SERIAL_QUEUE = "serial";

/** Queue name and limit of a handler, by the rules of `allowParallelRequests`, `concurrency` and `queue`. */
export function queuePlace({
  route,
  allowParallelRequests,
  concurrency,
  queue,
}: Pick<HandlerConfig, "route" | "allowParallelRequests" | "concurrency" | "queue">): {
  readonly queue: string;
  readonly limit: number;
} {
  const limit = concurrency ?? (allowParallelRequests ? Number.POSITIVE_INFINITY : 1);
  return { queue: queue ?? (limit === 1 ? SERIAL_QUEUE : route), limit };
}
