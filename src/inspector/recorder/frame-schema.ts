import * as z from "zod/mini";

// Schemas of the frames, for input that is not trusted. Additional properties are accepted, so that a newer
// worker's recording can be read, and what JSON has left out is undefined.

const when = z.number();
const reference = z.string();
const state = z.optional(z.union([z.string(), z.record(z.string(), z.unknown())]));
const status = z.enum(["active", "done", "error", "stopped"]);

const row = z.looseObject({
  ref: reference,
  id: z.string(),
  parent: z.optional(reference),
  kind: z.string(),
  status,
  state,
  since: when,
  events: z.number(),
  lane: z.optional(
    z.looseObject({
      waiting: z.number(),
      running: z.number(),
      limit: z.nullable(z.number()),
      oldestAt: z.optional(when),
    }),
  ),
});

const record = z.discriminatedUnion("kind", [
  z.looseObject({
    kind: z.literal("event"),
    n: z.number(),
    at: when,
    ref: reference,
    actor: z.string(),
    sender: z.optional(z.string()),
    event: z.string(),
    status,
    state,
    edges: z.array(z.string()),
  }),
  z.looseObject({
    kind: z.literal("request"),
    n: z.number(),
    at: when,
    id: z.string(),
    route: z.string(),
    queue: z.string(),
    outcome: z.enum(["success", "error", "cancelled", "rejected"]),
    status: z.number(),
    arrivedAt: when,
    admittedAt: z.optional(when),
    startedAt: z.optional(when),
    firstByteAt: z.optional(when),
    endedAt: when,
  }),
  z.looseObject({
    kind: z.literal("error"),
    n: z.number(),
    at: when,
    level: z.enum(["warn", "error", "fatal"]),
    message: z.string(),
    actor: z.optional(z.string()),
    causes: z.array(z.looseObject({ name: z.string(), message: z.string(), stack: z.optional(z.string()) })),
  }),
]);

const percentiles = z.nullable(z.looseObject({ p50: z.number(), p99: z.number() }));
const sample = z.looseObject({
  at: when,
  openLoad: z.number(),
  loadAhead: z.number(),
  capacity: z.optional(z.number()),
  waiting: z.number(),
  running: z.number(),
  sessions: z.number(),
  outcomes: z.looseObject({
    success: z.number(),
    error: z.number(),
    cancelled: z.number(),
    rejected: z.number(),
  }),
  wait: percentiles,
  firstByte: percentiles,
  latency: percentiles,
  reports: z.looseObject({ delivered: z.number(), failed: z.number() }),
  cpu: z.number(),
  memory: z.number(),
});

const ticket = z.looseObject({
  id: z.string(),
  workload: z.number(),
  at: when,
  flow: z.optional(z.string()),
});
const flow = z.looseObject({ name: z.string(), waiting: z.number(), running: z.number(), ahead: z.number() });
const lane = z.looseObject({
  ref: reference,
  running: z.array(ticket),
  waiting: z.array(ticket),
  flows: z.optional(z.array(flow)),
  flowsLeftOut: z.optional(z.number()),
});
const timer = z.looseObject({ ref: reference, event: z.string(), startedAt: when, delay: z.number() });

const names = z.array(z.string());
const chartState = z.looseObject({
  path: z.string(),
  key: z.string(),
  kind: z.enum(["atomic", "compound", "parallel", "final", "history"]),
  initial: z.optional(z.string()),
  entry: names,
  exit: names,
  invokes: names,
  get children() {
    return z.array(chartState);
  },
});
const trigger = z.discriminatedUnion("kind", [
  z.looseObject({ kind: z.literal("event"), event: z.string() }),
  z.looseObject({ kind: z.literal("after"), delay: z.string(), event: z.string() }),
  z.looseObject({ kind: z.enum(["done", "error"]), actor: z.string(), event: z.string() }),
  z.looseObject({ kind: z.literal("always") }),
]);
const chart = z.looseObject({
  id: z.string(),
  root: chartState,
  edges: z.array(
    z.looseObject({
      id: z.string(),
      from: z.string(),
      to: z.optional(z.string()),
      on: trigger,
      guard: z.optional(z.string()),
      actions: names,
    }),
  ),
});

/** The first frame. */
export const HELLO = z.looseObject({
  type: z.literal("hello"),
  format: z.literal(1),
  version: z.string(),
  url: z.string(),
  startedAt: when,
  at: when,
  charts: z.record(z.string(), chart),
  actors: z.array(row),
  actorsLeftOut: z.number(),
  records: z.array(record),
  samples: z.array(sample),
  lanes: z.array(lane),
  timers: z.array(timer),
});

/** Every other frame. */
export const TICK = z.looseObject({
  type: z.literal("tick"),
  at: when,
  actors: z.array(row),
  gone: z.array(reference),
  actorsLeftOut: z.number(),
  records: z.array(record),
  leftOut: z.record(z.string(), z.number()),
  sample: z.optional(sample),
  lanes: z.optional(z.array(lane)),
  timers: z.optional(z.array(timer)),
});
