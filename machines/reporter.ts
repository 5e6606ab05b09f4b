import { assign, cancel, fromPromise, raise, setup } from "xstate";
import type { Condition, ReportDue, ReportFlush, ReportKind, WorkerChanged } from "./events.js";

/** Input of a reporter actor. */
export interface ReporterInput {
  readonly kind: ReportKind;
  /** Base URLs of the engine, in the order in which they are tried; at least one. */
  readonly addresses: readonly string[];
}

/** Input of one delivery. */
export interface DeliveryInput {
  readonly kind: ReportKind;
  readonly address: string;
  readonly condition: Condition;
  /** Milliseconds until the delivery counts as failed. */
  readonly timeoutMs: number;
}

/** Result of a successful delivery. */
export interface Delivered {
  /** The load time that was reported, 0 if none. */
  readonly loadtime: number;
  /** One report did not hold everything: send the rest at once. */
  readonly more: boolean;
}

/** State of a reporter actor. */
export interface ReporterContext extends ReporterInput {
  readonly condition: Condition;
  /** The load time is reported once in the life of a worker. */
  readonly loadtimeReported: boolean;
  /** Index of the address in use. */
  readonly address: number;
  /** Failed tries at the address in use. */
  readonly tries: number;
  /** Addresses given up in a row since the last delivery. */
  readonly givenUp: number;
  /** Something changed that the report in flight does not hold. */
  readonly dirty: boolean;
  /** Send the next report at once: the worker's state changed, or one report did not hold everything. */
  readonly urgent: boolean;
  /** The worker stops: deliver, then end. */
  readonly flushing: boolean;
  readonly delivered: number;
  readonly lastError: string | undefined;
}

/** Tries at one address before the next one. */
export const TRIES_PER_ADDRESS = 3;

/** Milliseconds that the engine may take for a report. */
const TIMEOUT_MS = 10_000;
/**
 * The same for all addresses together when the worker stops: a second less than the worker's `flushTimeout`. A report
 * that is given up while the engine processes it is reported twice, so each address has its full share.
 */
const FLUSH_TIMEOUT_MS = 9000;
/** Milliseconds between two rounds over all addresses when the worker stops. */
const FLUSH_BACK_OFF_MS = 500;

const FLUSH_OVERDUE = "flush.overdue";

/** Milliseconds that the engine may take for a report. */
const timeoutOf = ({ addresses }: ReporterContext, flushing: boolean): number =>
  flushing ? FLUSH_TIMEOUT_MS / addresses.length : TIMEOUT_MS;

/**
 * Delivers one kind of report: it gathers changes for a second, sends them, and on failure tries 3 times at each
 * address, then the next address, then backs off. When the worker stops it tries the addresses in turn, once each, until
 * the worker stops it. A report is composed anew for each try, so nothing is lost or reported twice. It stays
 * with the address that answered last.
 */
export const reporterMachine = setup({
  types: {} as {
    context: ReporterContext;
    input: ReporterInput;
    events: ReportDue | WorkerChanged | ReportFlush | { readonly type: "flush.overdue" };
  },
  actors: {
    deliver: fromPromise<Delivered, DeliveryInput>(() =>
      Promise.reject(new Error("deliver is not provided")),
    ),
  },
  delays: {
    gather: 1000,
    // Half a second less than the 10 s that the engine may wait, for the sending itself.
    heartbeat: 9500,
    retry: 1000,
    flushTimeout: ({ context }) => timeoutOf(context, true),
    backOff: ({ context }) =>
      context.flushing
        ? FLUSH_BACK_OFF_MS
        : Math.min(10_000, 1000 * 2 ** Math.floor(context.givenUp / context.addresses.length)),
  },
  guards: {
    beats: ({ context }) => context.kind === "status",
    isUrgent: ({ context }) => context.urgent,
    isDirty: ({ context }) => context.dirty,
    mustFlush: ({ context }) => context.flushing && (context.dirty || context.urgent),
    isFlushed: ({ context }) => context.flushing,
    triesAreLeft: ({ context }) => !context.flushing && context.tries + 1 < TRIES_PER_ADDRESS,
    addressesAreLeft: ({ context }) => (context.givenUp + 1) % context.addresses.length !== 0,
  },
  actions: {
    markDirty: assign({ dirty: true }),
    markUrgent: assign(({ context }, { condition }: { condition: Condition }) => ({
      urgent: true,
      condition: context.loadtimeReported ? { ...condition, loadtime: 0 } : condition,
    })),
    markFlushing: assign({ flushing: true, dirty: true }),
    beginReport: assign({ dirty: false, urgent: false }),
    countDelivery: assign(({ context }, { loadtime, more }: Delivered) => ({
      tries: 0,
      givenUp: 0,
      delivered: context.delivered + 1,
      lastError: undefined,
      urgent: context.urgent || more,
      ...(loadtime > 0 && { loadtimeReported: true, condition: { ...context.condition, loadtime: 0 } }),
    })),
    countTry: assign(({ context }, { error }: { error: unknown }) => ({
      tries: context.tries + 1,
      lastError: error instanceof Error ? error.message : String(error),
    })),
    giveUpAddress: assign(({ context }, { error }: { error: unknown }) => ({
      tries: 0,
      givenUp: context.givenUp + 1,
      address: (context.address + 1) % context.addresses.length,
      lastError: error instanceof Error ? error.message : String(error),
    })),
  },
}).createMachine({
  id: "reporter",
  context: ({ input }) => ({
    ...input,
    condition: { maxPerf: 0, errorMsg: "", loadtime: 0 },
    loadtimeReported: false,
    address: 0,
    tries: 0,
    givenUp: 0,
    dirty: false,
    urgent: false,
    flushing: false,
    delivered: 0,
    lastError: undefined,
  }),
  initial: "idle",
  on: {
    "report.due": { actions: "markDirty" },
    "worker.changed": {
      actions: { type: "markUrgent", params: ({ event }) => ({ condition: event.condition }) },
    },
    // The report in flight may hold all that is left, so it has time to arrive.
    "report.flush": {
      actions: [
        "markFlushing",
        raise({ type: "flush.overdue" }, { id: FLUSH_OVERDUE, delay: "flushTimeout" }),
      ],
    },
  },
  states: {
    idle: {
      on: {
        "report.due": { target: "gathering", actions: "markDirty" },
        "worker.changed": {
          target: "sending",
          actions: { type: "markUrgent", params: ({ event }) => ({ condition: event.condition }) },
        },
        "report.flush": { target: "sending", actions: "markFlushing" },
      },
      after: { heartbeat: { guard: "beats", target: "sending" } },
    },
    gathering: {
      on: {
        "worker.changed": {
          target: "sending",
          actions: { type: "markUrgent", params: ({ event }) => ({ condition: event.condition }) },
        },
        "report.flush": { target: "sending", actions: "markFlushing" },
      },
      after: { gather: "sending" },
    },
    sending: {
      entry: "beginReport",
      // It belongs to the delivery that was in flight; the next one has its own time-out.
      exit: cancel(FLUSH_OVERDUE),
      on: {
        "flush.overdue": {
          target: "sending",
          reenter: true,
          actions: { type: "giveUpAddress", params: { error: "no answer" } },
        },
      },
      invoke: {
        id: "deliver",
        src: "deliver",
        input: ({ context }) => ({
          kind: context.kind,
          address: context.addresses[context.address] ?? "",
          condition: context.condition,
          timeoutMs: timeoutOf(context, context.flushing),
        }),
        onDone: {
          target: "delivered",
          actions: { type: "countDelivery", params: ({ event }) => event.output },
        },
        onError: [
          {
            guard: "triesAreLeft",
            target: "retrying",
            actions: { type: "countTry", params: ({ event }) => ({ error: event.error }) },
          },
          {
            guard: "addressesAreLeft",
            target: "sending",
            reenter: true,
            actions: { type: "giveUpAddress", params: ({ event }) => ({ error: event.error }) },
          },
          {
            target: "backingOff",
            actions: { type: "giveUpAddress", params: ({ event }) => ({ error: event.error }) },
          },
        ],
      },
    },
    delivered: {
      always: [
        { guard: "mustFlush", target: "sending" },
        { guard: "isFlushed", target: "done" },
        { guard: "isUrgent", target: "sending" },
        { guard: "isDirty", target: "gathering" },
        { target: "idle" },
      ],
    },
    retrying: {
      on: { "report.flush": { target: "sending", actions: "markFlushing" } },
      after: { retry: "sending" },
    },
    backingOff: {
      on: { "report.flush": { target: "sending", actions: "markFlushing" } },
      after: { backOff: "sending" },
    },
    done: { type: "final" },
  },
});
