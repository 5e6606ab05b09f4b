import type {
  ActorRow,
  ErrorRecord,
  EventRecord,
  Hello,
  Tick,
} from "../../../src/inspector/recorder/frames.js";

/** Time of the first record; each record lies 10 ms after the one before. */
export const BEGAN = 1_700_000_000_000;

export function actorRow(ref: string, more: Partial<ActorRow> = {}): ActorRow {
  return {
    ref,
    id: ref,
    parent: ref === "worker" ? undefined : "worker",
    kind: "session",
    status: "active",
    state: undefined,
    since: BEGAN,
    events: 0,
    ...more,
  };
}

export function eventRecord(n: number, more: Partial<EventRecord> = {}): EventRecord {
  const ref = more.ref ?? "worker";
  return {
    kind: "event",
    n,
    at: BEGAN + n * 10,
    ref,
    actor: ref,
    sender: undefined,
    event: "happened",
    payload: { type: "happened" },
    status: "active",
    state: undefined,
    edges: [],
    ...more,
  };
}

export function errorRecord(n: number, more: Partial<ErrorRecord> = {}): ErrorRecord {
  return {
    kind: "error",
    n,
    at: BEGAN + n * 10,
    level: "error",
    message: "it broke",
    actor: "worker",
    causes: [],
    details: null,
    ...more,
  };
}

export function hello(more: Partial<Hello> = {}): Hello {
  return {
    type: "hello",
    format: 1,
    version: "1.2.3",
    url: "http://127.0.0.1:3000",
    startedAt: BEGAN,
    at: BEGAN,
    charts: {},
    actors: [],
    actorsLeftOut: 0,
    records: [],
    samples: [],
    lanes: [],
    timers: [],
    ...more,
  };
}

export function tick(more: Partial<Tick> = {}): Tick {
  return {
    type: "tick",
    at: BEGAN,
    actors: [],
    gone: [],
    actorsLeftOut: 0,
    records: [],
    leftOut: {},
    ...more,
  };
}
