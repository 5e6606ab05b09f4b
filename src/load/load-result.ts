import { z } from "zod";
import { PAYLOAD_ORDERS } from "./payloads.js";
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
  /** Null: derived from the payload. */
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
  /** Null: limited by the time only. */
  planned: count.nullable(),
  sent: count,
  /** Arrived while too many were in flight. */
  notSent: count,
  /** In flight: waiting for the engine to name a worker. */
  routing: count,
  /** In flight: at a worker. */
  generating: count,
  succeeded: count,
  failed: count,
  errors: z.array(
    z.strictObject({
      where: z.enum(["engine", "worker", "connection", "timeout", "cut off"]),
      what: z.string(),
      count,
      /** Of the first one. */
      message: z.string(),
    }),
  ),
  /** Workers that answered, with the number of requests. */
  workers: z.array(z.strictObject({ url: z.string(), requests: count })),
  /** Events of streams. */
  events: count,
  /** Tokens that answers report, else the pieces of text of streams. */
  tokens: z.number(),
  /** Tokens of these that are counted pieces of text. */
  countedTokens: count,
  /** From the due time to the end of the answer; of successful requests, like all durations. */
  latencyMs: durationsSchema.nullable(),
  /** From the due time. */
  firstByteMs: durationsSchema.nullable(),
  /** From sending until the engine named a worker. */
  routingMs: durationsSchema.nullable(),
  /** Maximum delay between due time and sending: beyond some milliseconds the sender was the bottleneck. */
  latestMs: milliseconds,
});

const pointSchema = z.strictObject({
  /** Start of an interval of one second, in seconds after the start of the test. */
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
  /** Of requests that succeeded in the interval. */
  latencyMs: z.strictObject({ p50: milliseconds, p90: milliseconds, p99: milliseconds }).nullable(),
  firstByteMs: z.strictObject({ p50: milliseconds, p90: milliseconds, p99: milliseconds }).nullable(),
});

/** The result of a load test, as written by `--json`. Durations are in milliseconds. */
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
  /** Latencies of successful requests. */
  percentiles: z.array(z.strictObject({ percent: z.number(), latencyMs: milliseconds })),
  series: z.array(pointSchema),
  /** Excerpts of the last answers, oldest first. */
  answers: z.array(z.string()),
});

export type LoadResult = z.infer<typeof loadResultSchema>;
export type LoadTotals = z.infer<typeof totalsSchema>;
export type LoadPoint = z.infer<typeof pointSchema>;
export type LoadConfig = z.infer<typeof configSchema>;
