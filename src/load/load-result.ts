import { z } from "zod";
import { PAYLOAD_ORDERS } from "./payload-order.js";
import { PROFILES } from "./schedule.js";

const count = z.int().min(0);
const milliseconds = z.number().min(0);

const durationsSchema = z.strictObject({
  count,
  mean: milliseconds,
  min: milliseconds,
  p50: milliseconds,
  p90: milliseconds,
  p95: milliseconds,
  p99: milliseconds,
  max: milliseconds,
});

const configSchema = z.strictObject({
  endpoint: z.string(),
  engineUrl: z.string(),
  route: z.string(),
  payloads: count,
  order: z.enum(PAYLOAD_ORDERS),
  seed: z.number(),
  /** Null: by the payload. */
  cost: z.number().nullable(),
  stream: z.boolean(),
  timeoutMs: milliseconds,
  arrivals: z.discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("open"),
      profile: z.enum(PROFILES),
      count,
      rps: z.number(),
      maxInFlight: count,
    }),
    z.strictObject({
      kind: z.literal("closed"),
      concurrency: count,
      /** Null: no limit. */
      count: count.nullable(),
      seconds: z.number().nullable(),
    }),
  ]),
});

const totalsSchema = z.strictObject({
  /** From the start to the end of the last answer. */
  seconds: z.number(),
  /** Null: as many as come to be in the time. */
  planned: count.nullable(),
  sent: count,
  /** Arrived while too many were under way. */
  notSent: count,
  /** Under way: waiting for the engine to name a worker. */
  routing: count,
  /** Under way: at a worker. */
  generating: count,
  succeeded: count,
  failed: count,
  errors: z.array(
    z.strictObject({
      where: z.enum(["engine", "worker", "connection", "timeout", "cut off"]),
      what: z.string(),
      count,
      /** What the first one of them said. */
      message: z.string(),
    }),
  ),
  /** Who answered, and how many requests. */
  workers: z.array(z.strictObject({ url: z.string(), requests: count })),
  /** Events of streams. */
  events: count,
  /** Tokens that answers said they have, or else the pieces of text of streams. */
  tokens: z.number(),
  /** How many of the tokens are pieces that were counted. */
  countedTokens: count,
  /** From the moment at which it was due to the end of the answer; of requests that succeeded, as are all others. */
  latencyMs: durationsSchema.nullable(),
  /** From the moment at which it was due. */
  firstByteMs: durationsSchema.nullable(),
  /** From the moment at which it was sent until the engine named a worker. */
  routingMs: durationsSchema.nullable(),
  /** How late the latest request was sent: more than some milliseconds, and this side was the bottleneck. */
  latestMs: milliseconds,
});

const pointSchema = z.strictObject({
  /** Seconds after the start at which it begins; it is one second long. */
  second: count,
  /** Arrivals that were due. */
  due: count,
  sent: count,
  notSent: count,
  succeeded: count,
  failed: count,
  /** At its end. */
  inFlight: count,
  events: count,
  tokens: z.number(),
  /** Of requests that succeeded in it. */
  latencyMs: z.strictObject({ p50: milliseconds, p90: milliseconds, p99: milliseconds }).nullable(),
  firstByteMs: z.strictObject({ p50: milliseconds, p90: milliseconds, p99: milliseconds }).nullable(),
});

/** What a load test came to, as `--json` writes it. Durations are in milliseconds. */
export const loadResultSchema = z.strictObject({
  format: z.literal("tsworker-load"),
  version: z.literal(1),
  /** Version of the package. */
  tsworker: z.string(),
  /** ISO 8601. */
  startedAt: z.string(),
  ended: z.enum(["complete", "interrupted"]),
  config: configSchema,
  totals: totalsSchema,
  /** The latency that so many percent of the successful requests do not exceed. */
  percentiles: z.array(z.strictObject({ percent: z.number(), latencyMs: milliseconds })),
  series: z.array(pointSchema),
  /** The beginnings of the last answers, oldest first. */
  answers: z.array(z.string()),
});

export type LoadResult = z.infer<typeof loadResultSchema>;
export type LoadTotals = z.infer<typeof totalsSchema>;
export type LoadPoint = z.infer<typeof pointSchema>;
export type LoadConfig = z.infer<typeof configSchema>;
