import type {
  ActorRow,
  ErrorRecord,
  EventRecord,
  Hello,
  InspectRecord,
  RequestRecord,
  Tick,
} from "../../src/inspector/recorder/frames.js";

/** Some moment; frames of a test need none of their own. */
export const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

export const helloOf = (parts: Partial<Hello> = {}): Hello => ({
  type: "hello",
  format: 1,
  version: "1.2.3",
  url: "http://worker.test:3000",
  startedAt: AT,
  at: AT,
  charts: {},
  actors: [],
  actorsLeftOut: 0,
  records: [],
  samples: [],
  lanes: [],
  timers: [],
  ...parts,
});

export const tickOf = (
  records: readonly InspectRecord[],
  parts: Partial<Omit<Tick, "type" | "records">> = {},
): Tick => ({
  type: "tick",
  at: AT,
  actors: [],
  gone: [],
  actorsLeftOut: 0,
  leftOut: {},
  records,
  ...parts,
});

export const actorOf = (parts: Partial<ActorRow> & Pick<ActorRow, "ref" | "id" | "kind">): ActorRow => ({
  parent: undefined,
  status: "active",
  state: undefined,
  since: AT,
  events: 0,
  ...parts,
});

/** An event that the worker's root took. */
export const eventOf = (n: number, parts: Partial<EventRecord> = {}): EventRecord => ({
  kind: "event",
  n,
  at: AT + n,
  ref: "x:0",
  actor: "worker",
  sender: undefined,
  event: `event.${n}`,
  payload: { type: `event.${n}` },
  status: "active",
  state: undefined,
  edges: [],
  ...parts,
});

/** A request that took 1.5 s: 2 ms to check, 800 ms of waiting, 100 ms to the first byte, the rest to answer. */
export const requestOf = (n: number, parts: Partial<RequestRecord> = {}): RequestRecord => ({
  kind: "request",
  n,
  at: AT + 1500,
  id: `request-${n}`,
  route: "/v1/completions",
  queue: "default",
  session: undefined,
  requestIdx: n,
  workload: 300,
  outcome: "success",
  status: 200,
  arrivedAt: AT,
  admittedAt: AT + 2,
  startedAt: AT + 802,
  firstByteAt: AT + 902,
  endedAt: AT + 1500,
  ...parts,
});

export const errorOf = (n: number, parts: Partial<ErrorRecord> = {}): ErrorRecord => ({
  kind: "error",
  n,
  at: AT + n,
  level: "error",
  message: "the model's log says that it failed",
  actor: "model",
  causes: [
    { name: "Error", message: "out of memory", stack: "Error: out of memory\n    at load (model.js:1:2)\n" },
  ],
  details: { line: "CUDA error" },
  ...parts,
});
