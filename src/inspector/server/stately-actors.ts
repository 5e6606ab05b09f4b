import { LRUCache } from "lru-cache";
import type { Chart } from "../chart/chart.js";
import type { ActorRow, EventRecord, Hello, InspectRecord, SafeValue, Tick } from "../recorder/frames.js";
import {
  type StatelyEvent,
  type StatelyMessage,
  type StatelySnapshot,
  statelyBase,
  statelyDefinition,
} from "./stately-format.js";

/** An actor that was sent to the relay. */
interface Sent {
  readonly id: string;
  readonly parent: string | undefined;
  readonly definition: string;
  snapshot: StatelySnapshot;
}

/** Actors that are kept; beyond it the least recently used are dropped, and sent again with their next event. */
const MAX_ACTORS = 5000;
/** The event of a state whose cause is not known. */
const UNKNOWN: StatelyEvent = { type: "" };

/**
 * Turns frames into Stately's messages. An actor is sent before its events; if its message
 * was dropped it is sent again.
 */
export class StatelyActors {
  readonly #definitions: ReadonlyMap<string, string>;
  /** By reference. */
  readonly #actors = new LRUCache<string, Sent>({
    max: MAX_ACTORS,
    dispose: ({ id }, ref) => {
      this.#unsent.delete(ref);
      if (this.#refs.get(id) === ref) this.#refs.delete(id);
    },
  });
  /** References by id: of the actor that has it now. */
  readonly #refs = new Map<string, string>();
  /** Actors whose message was dropped. */
  readonly #unsent = new Set<string>();
  #root: string | undefined;
  readonly #send: (message: StatelyMessage, n: number) => void;
  /** Number of the newest record that was turned into messages. */
  #last: number;

  /**
   * @param charts by kind of actor.
   * @param after number of the newest record that was sent before.
   * @param send receives each message, and the number of the newest record in it.
   */
  constructor(charts: Hello["charts"], after: number, send: (message: StatelyMessage, n: number) => void) {
    this.#definitions = new Map(
      Object.entries<Chart>(charts).map(([kind, chart]) => [kind, statelyDefinition(chart)]),
    );
    this.#last = after;
    this.#send = send;
  }

  /** To be called first. */
  hello(hello: Hello): void {
    this.#meet(hello.actors, hello.at);
    for (const record of hello.records) this.#record(record);
    this.#settle(hello.actors, hello.at);
    if (hello.actorsLeftOut > 0) return;
    const alive = new Set(hello.actors.map(({ ref }) => ref));
    for (const ref of [...this.#actors.keys()]) if (!alive.has(ref)) this.#forget(ref, hello.at);
  }

  tick(tick: Tick): void {
    this.#meet(tick.actors, tick.at);
    for (const record of tick.records) this.#record(record);
    this.#settle(tick.actors, tick.at);
    for (const ref of tick.gone) this.#forget(ref, tick.at);
  }

  /** The message of this actor was dropped. */
  lost(ref: string): void {
    if (this.#actors.has(ref)) this.#unsent.add(ref);
  }

  /** Sends those again. */
  sendLost(at: number): void {
    for (const ref of this.#unsent) {
      const sent = this.#actors.get(ref);
      if (sent !== undefined) this.#sendActor(ref, sent, at);
    }
  }

  /** New actors, parents before their children. */
  #meet(rows: readonly ActorRow[], at: number): void {
    const waiting = new Map(rows.filter(({ ref }) => !this.#actors.has(ref)).map((row) => [row.ref, row]));
    const meet = (row: ActorRow): void => {
      waiting.delete(row.ref);
      const parent = row.parent === undefined ? undefined : waiting.get(row.parent);
      if (parent !== undefined) meet(parent);
      this.#add(row.ref, row.id, row.kind, row.parent, snapshotOf(row, undefined), at);
    };
    for (const row of waiting.values()) meet(row);
  }

  #add(
    ref: string,
    id: string,
    kind: string,
    parent: string | undefined,
    snapshot: StatelySnapshot,
    at: number,
  ): Sent {
    const definition = this.#definitions.get(kind) ?? JSON.stringify({ id });
    const sent: Sent = { id, parent, definition, snapshot };
    this.#actors.set(ref, sent);
    this.#refs.set(id, ref);
    if (parent === undefined && kind === "worker") this.#root = ref;
    this.#sendActor(ref, sent, at);
    return sent;
  }

  #sendActor(ref: string, { id, parent, definition, snapshot }: Sent, at: number): void {
    this.#unsent.delete(ref);
    const base = statelyBase(ref, this.#root, at);
    const message = {
      ...base,
      type: "@xstate.actor",
      name: id,
      parentId: parent,
      definition,
      snapshot,
    } as const;
    this.#send(message, this.#last);
  }

  #record(record: InspectRecord): void {
    if (record.n <= this.#last) return;
    this.#last = record.n;
    if (record.kind !== "event") return;
    const { ref, at } = record;
    const sent = this.#actors.get(ref) ?? this.#unknown(record);
    if (this.#unsent.has(ref)) this.#sendActor(ref, sent, at);
    sent.snapshot = snapshotOf(record, record.context ?? sent.snapshot.context);
    const base = statelyBase(ref, this.#root, at);
    const event = eventOf(record.event, record.payload);
    const sourceId = record.sender === undefined ? undefined : this.#refs.get(record.sender);
    this.#send({ ...base, type: "@xstate.event", sourceId, event }, record.n);
    this.#send({ ...base, type: "@xstate.snapshot", event, snapshot: sent.snapshot }, record.n);
  }

  /** An actor that came and went between two frames, or had no place in one: its start was sent by its parent. */
  #unknown(record: EventRecord): Sent {
    const { ref, actor, sender, event, at } = record;
    const parent = event === "xstate.init" && sender !== undefined ? this.#refs.get(sender) : undefined;
    const kind = actor.split(".", 1)[0] ?? actor;
    return this.#add(ref, actor, kind, parent, snapshotOf(record, record.context), at);
  }

  /** Where events were left out, an actor is in another state than in its last record. */
  #settle(rows: readonly ActorRow[], at: number): void {
    for (const row of rows) {
      const sent = this.#actors.get(row.ref);
      if (sent === undefined) continue;
      const { status, value, context } = sent.snapshot;
      if (status === row.status && JSON.stringify(value) === JSON.stringify(row.state)) continue;
      this.#change(row.ref, sent, snapshotOf(row, context), at);
    }
  }

  #forget(ref: string, at: number): void {
    const sent = this.#actors.get(ref);
    if (sent === undefined) return;
    if (sent.snapshot.status === "active")
      this.#change(ref, sent, { ...sent.snapshot, status: "stopped" }, at);
    this.#actors.delete(ref);
  }

  #change(ref: string, sent: Sent, snapshot: StatelySnapshot, at: number): void {
    if (this.#unsent.has(ref)) this.#sendActor(ref, sent, at);
    sent.snapshot = snapshot;
    const base = statelyBase(ref, this.#root, at);
    this.#send({ ...base, type: "@xstate.snapshot", event: UNKNOWN, snapshot }, this.#last);
  }
}

const snapshotOf = (
  { status, state }: Pick<ActorRow | EventRecord, "status" | "state">,
  context: SafeValue | undefined,
): StatelySnapshot => ({ status, value: state, context });

/** A payload is the whole event, unless it was too large or too strange to be kept as it was. */
function eventOf(type: string, payload: SafeValue): StatelyEvent {
  if (payload === null || typeof payload !== "object" || Array.isArray(payload)) return { type, payload };
  return { ...(payload as { readonly [key: string]: SafeValue }), type };
}
