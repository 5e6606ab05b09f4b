import { FairBand, type FairPlace } from "./fair-band.js";
import type { FlowView, Lane, Ticket } from "./lane.js";

/** Priorities are 0 to this. */
const MAX_PRIORITY = 9;

/** A ticket of any other priority would never have its turn. */
const priorityOf = (priority: number): number =>
  Math.min(MAX_PRIORITY, Math.max(0, Math.trunc(priority) || 0));

/** What a lane remembers of a flow with tickets. */
interface Flow {
  readonly name: string;
  waiting: number;
  running: number;
  /** Of its last ticket. */
  workload: number;
  weight: number;
  priority: number;
}

/**
 * A lane in which flows share the turns: each gets workload in proportion to its weight while it has waiting tickets, within
 * one request (see {@link FairBand}). The tickets of a flow are first in, first out.
 *
 * Tickets of a higher priority have their turns first, whatever their flows: they can starve lower ones, so who may use
 * which priority is to be limited outside. Each priority shares its turns fairly in itself.
 *
 * All operations are O(log n) for n flows, however many tickets wait. A flow without tickets costs nothing.
 */
export class FairLane implements Lane {
  readonly limit: number;
  /** By priority. */
  readonly #bands: readonly FairBand[] = Array.from({ length: MAX_PRIORITY + 1 }, () => new FairBand());
  readonly #started = new Map<string, FairPlace>();
  /** In the order of arrival. */
  readonly #waiting = new Map<string, FairPlace>();
  readonly #flows = new Map<string, Flow>();
  #arrived = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get running(): number {
    return this.#started.size;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get oldestAt(): number | undefined {
    const [oldest] = this.#waiting.values();
    return oldest?.at;
  }

  enter(id: string, workload: number, at: number, flow = "", weight = 1, asked = 0): boolean {
    const runs = this.running < this.limit;
    const priority = priorityOf(asked);
    const place: FairPlace = {
      id,
      workload,
      at,
      flow,
      priority,
      order: ++this.#arrived,
      backlog: undefined,
      before: undefined,
      behind: undefined,
    };
    const state = this.#flowOf(flow);
    state.workload = workload;
    state.weight = weight;
    state.priority = priority;
    if (runs) {
      this.#started.set(id, place);
      state.running++;
    } else {
      this.#waiting.set(id, place);
      state.waiting++;
      this.#bands[priority]?.add(place, weight);
    }
    return runs;
  }

  leave(id: string): string | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined) {
      this.#waiting.delete(id);
      this.#bands[waiting.priority]?.remove(waiting);
      this.#leaveFlow(waiting, "waiting");
      return undefined;
    }
    const started = this.#started.get(id);
    if (started === undefined) return undefined;
    this.#started.delete(id);
    this.#leaveFlow(started, "running");
    const next = this.#bands.findLast((band) => band.waiting > 0)?.take();
    if (next === undefined) return undefined;
    this.#waiting.delete(next.id);
    this.#started.set(next.id, next);
    const flow = this.#flowOf(next.flow);
    flow.waiting--;
    flow.running++;
    return next.id;
  }

  *started(): Generator<Ticket> {
    for (const place of this.#started.values()) yield ticketOf(place);
  }

  *queued(): Generator<Ticket> {
    for (const band of this.#bands.toReversed()) for (const place of band.inOrder()) yield ticketOf(place);
  }

  /** O(1). */
  behind(workload: number, flow = "", weight = 1, asked = 0): number {
    const priority = priorityOf(asked);
    let behind = 0;
    for (let lower = 0; lower < priority; lower++) behind += this.#bands[lower]?.workload ?? 0;
    const band = this.#bands[priority];
    return band === undefined ? behind : behind + band.workload - band.ahead(flow, weight, workload);
  }

  flows(): readonly FlowView[] {
    const total = this.#bands.reduce((sum, { workload }) => sum + workload, 0);
    return Array.from(this.#flows.values(), ({ name, waiting, running, workload, weight, priority }) => ({
      name,
      waiting,
      running,
      ahead: total - this.behind(workload, name, weight, priority),
    })).sort((one, other) => other.waiting - one.waiting || other.running - one.running);
  }

  #flowOf(name: string): Flow {
    const known = this.#flows.get(name);
    if (known !== undefined) return known;
    const flow: Flow = { name, waiting: 0, running: 0, workload: 0, weight: 1, priority: 0 };
    this.#flows.set(name, flow);
    return flow;
  }

  #leaveFlow({ flow: name }: FairPlace, state: "waiting" | "running"): void {
    const flow = this.#flowOf(name);
    flow[state]--;
    if (flow.waiting === 0 && flow.running === 0) this.#flows.delete(name);
  }
}

const ticketOf = ({ id, workload, at, flow }: FairPlace): Ticket => ({ id, workload, at, flow });
