import { FlowHeap, type HeapItem } from "./flow-heap.js";
import type { Ticket } from "./lane.js";

/** A ticket in a fair lane. */
export interface FairPlace extends Ticket {
  readonly flow: string;
  readonly priority: number;
  /** Counts up with each arrival. */
  readonly order: number;
  /** Undefined: it runs. */
  backlog: Backlog | undefined;
  /** Its neighbours among the waiting tickets of its flow. */
  before: FairPlace | undefined;
  behind: FairPlace | undefined;
}

/** One flow in a band: its waiting tickets, first in, first out, and its virtual time. */
interface Backlog extends HeapItem {
  readonly flow: string;
  weight: number;
  /** Virtual time at which its first waiting ticket, or its next one, begins. */
  start: number;
  /** Workload of its waiting tickets. */
  workload: number;
  first: FairPlace | undefined;
  last: FairPlace | undefined;
}

/** Beyond it, times are counted from zero again: a number has 53 bits, and shares need those behind the point. */
const MAX_TIME = 2 ** 32;

/** A request without workload would take turns without end. */
const costOf = ({ workload }: Pick<Ticket, "workload">): number => (workload > 0 ? workload : 1);

/**
 * Waiting tickets of one priority in the order of weighted fair queueing (worst-case fair, WF²Q).
 *
 * The model is a fluid server that works on all flows at once, on each in proportion to its weight. Its virtual time `#now`
 * advances with the granted workload, divided by the weights of all flows. A ticket begins in the fluid server at its
 * flow's `start`, and ends at `start + workload / weight`. Of the flows whose first ticket has begun there, the
 * one that ends first has the next turn. So no flow gets more than one request ahead of the fluid server, or more than the
 * largest request behind it.
 *
 * ```
 *   #pending            #eligible            #leading
 *   start > now         start ≤ now          nothing waits, start > now
 *   by start      ──▶   by end         ──▶   by start, then forgotten
 * ```
 *
 * A flow without waiting tickets counts for as long as the fluid server works on what it was granted. Where a flow leaves
 * that has received less than the fluid server gave it, the others get the difference. Invariant: the sum of
 * `weight × (start − now)` over all flows is 0. So there is no flow to remember once nothing waits.
 *
 * All operations are O(log n) for n flows, `copy` and the rare renumbering O(n).
 */
export class FairBand {
  readonly #flows = new Map<string, Backlog>();
  readonly #pending = new FlowHeap<Backlog>();
  readonly #eligible = new FlowHeap<Backlog>();
  readonly #leading = new FlowHeap<Backlog>();
  #now = 0;
  #weights = 0;
  #waiting = 0;
  #workload = 0;

  /** Number of waiting tickets. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Their workload. */
  get workload(): number {
    return this.#workload;
  }

  /** Number of flows that are remembered. */
  get flows(): number {
    return this.#flows.size;
  }

  add(place: FairPlace, weight: number): void {
    const backlog = this.#flows.get(place.flow) ?? this.#begin(place.flow, weight);
    place.backlog = backlog;
    if (backlog.weight !== weight) this.#reweigh(backlog, weight);
    this.#waiting++;
    this.#workload += place.workload;
    backlog.workload += place.workload;
    place.before = backlog.last;
    if (backlog.last !== undefined) backlog.last.behind = place;
    backlog.last = place;
    if (backlog.first === undefined) {
      backlog.first = place;
      this.#leading.remove(backlog);
      this.#schedule(backlog);
    }
  }

  /** Removes the ticket that has the next turn. */
  take(): FairPlace | undefined {
    const place = this.#next();
    if (place !== undefined) unlink(place);
    return place;
  }

  /** As `take`, but the ticket keeps its links. */
  #next(): FairPlace | undefined {
    if (this.#waiting === 0) return undefined;
    // By the invariant there is an eligible flow, but for rounding.
    if (this.#eligible.first === undefined) this.#reach(this.#pending.first?.start ?? 0);
    const backlog = this.#eligible.first;
    const place = backlog?.first;
    if (backlog === undefined || place === undefined) return undefined;
    this.#eligible.remove(backlog);
    backlog.start += costOf(place) / backlog.weight;
    this.#takeFirst(backlog, place);
    this.#advance(costOf(place));
    return place;
  }

  remove(place: FairPlace): void {
    const { backlog } = place;
    if (backlog === undefined) return;
    if (place === backlog.first) {
      this.#heapOf(backlog).remove(backlog);
      this.#takeFirst(backlog, place);
      this.#advance(0);
    } else {
      this.#uncount(backlog, place);
      if (place === backlog.last) backlog.last = place.before;
    }
    unlink(place);
  }

  /**
   * Workload that would have its turn before a new ticket, estimated in O(1): what the fluid server does before the ticket
   * begins in it, and a ticket of mean size of each other flow; at most what it does before the ticket ends. Flows that
   * run out of tickets before count as if they did not.
   */
  ahead(flow: string, weight: number, workload: number): number {
    if (this.#waiting === 0) return 0;
    const backlog = this.#flows.get(flow);
    const own = backlog?.workload ?? 0;
    const lead = backlog === undefined ? 0 : (backlog.start - this.#now) * backlog.weight;
    const perWeight = (this.#weights - (backlog?.weight ?? 0) + weight) / weight;
    const others = this.#flows.size - (backlog === undefined ? 0 : 1);
    const cost = costOf({ workload });
    const begun = Math.max(0, lead + own) * perWeight + (others * this.#workload) / this.#waiting;
    const ended = (lead + own + cost) * perWeight - cost;
    return Math.min(this.#workload, Math.max(own, Math.min(begun, ended)));
  }

  /** The waiting tickets in the order of their turns, as far as it is read. */
  *inOrder(): Generator<FairPlace> {
    const copy = this.#copy();
    for (let place = copy.#next(); place !== undefined; place = copy.#next()) yield place;
  }

  #begin(flow: string, weight: number): Backlog {
    const backlog: Backlog = {
      flow,
      weight,
      start: this.#now,
      workload: 0,
      first: undefined,
      last: undefined,
      key: this.#now,
      order: 0,
      index: 0,
    };
    this.#flows.set(flow, backlog);
    this.#weights += weight;
    this.#leading.add(backlog);
    return backlog;
  }

  /** What it is ahead or behind, in workload, remains. */
  #reweigh(backlog: Backlog, weight: number): void {
    const heap = this.#heapOf(backlog);
    heap.remove(backlog);
    backlog.start = this.#now + ((backlog.start - this.#now) * backlog.weight) / weight;
    this.#weights += weight - backlog.weight;
    backlog.weight = weight;
    if (backlog.first === undefined) this.#lead(backlog);
    else this.#schedule(backlog);
  }

  #heapOf({ first, start }: Backlog): FlowHeap<Backlog> {
    if (first === undefined) return this.#leading;
    return start > this.#now ? this.#pending : this.#eligible;
  }

  /** Of a flow that is in no heap. */
  #takeFirst(backlog: Backlog, place: FairPlace): void {
    this.#uncount(backlog, place);
    backlog.first = place.behind;
    if (backlog.first === undefined) {
      backlog.last = undefined;
      this.#lead(backlog);
    } else this.#schedule(backlog);
  }

  #uncount(backlog: Backlog, { workload }: FairPlace): void {
    this.#waiting--;
    this.#workload -= workload;
    backlog.workload -= workload;
  }

  #lead(backlog: Backlog): void {
    backlog.workload = 0;
    backlog.key = backlog.start;
    this.#leading.add(backlog);
  }

  #schedule(backlog: Backlog): void {
    const { first, start, weight } = backlog;
    if (first === undefined) return;
    backlog.order = first.order;
    const isEligible = start <= this.#now;
    backlog.key = isEligible ? start + costOf(first) / weight : start;
    (isEligible ? this.#eligible : this.#pending).add(backlog);
  }

  /** The fluid server does so much work; flows that it is done with are forgotten. */
  #advance(granted: number): void {
    if (this.#waiting === 0) {
      this.#clear();
      return;
    }
    let work = granted;
    for (let next = this.#leading.first; next !== undefined; next = this.#leading.first) {
      if (next.start > this.#now + work / this.#weights) break;
      if (next.start > this.#now) {
        work -= (next.start - this.#now) * this.#weights;
        this.#now = next.start;
      }
      this.#leading.remove(next);
      this.#flows.delete(next.flow);
      this.#weights -= next.weight;
      work += next.weight * (this.#now - next.start);
    }
    this.#reach(this.#now + Math.max(0, work) / this.#weights);
    if (this.#now > MAX_TIME) this.#renumber();
  }

  #reach(time: number): void {
    this.#now = time;
    for (
      let next = this.#pending.first;
      next !== undefined && next.start <= time;
      next = this.#pending.first
    ) {
      this.#pending.remove(next);
      this.#schedule(next);
    }
  }

  /** The differences remain, and with them the order in each heap. */
  #renumber(): void {
    for (const backlog of this.#flows.values()) {
      backlog.start -= this.#now;
      backlog.key -= this.#now;
    }
    this.#now = 0;
  }

  /** Also removes what rounding has left in the sums. */
  #clear(): void {
    this.#flows.clear();
    this.#leading.clear();
    this.#now = 0;
    this.#weights = 0;
    this.#workload = 0;
  }

  /** Shares the tickets, which `#next` does not change. */
  #copy(): FairBand {
    const copy = new FairBand();
    copy.#now = this.#now;
    copy.#weights = this.#weights;
    copy.#waiting = this.#waiting;
    copy.#workload = this.#workload;
    for (const backlog of this.#flows.values()) {
      const copied = { ...backlog };
      copy.#flows.set(copied.flow, copied);
      if (copied.first === undefined) copy.#lead(copied);
      else copy.#schedule(copied);
    }
    return copy;
  }
}

/** Without it, a ticket that runs for long would keep all later ones of its flow in memory. */
function unlink(place: FairPlace): void {
  if (place.before !== undefined) place.before.behind = place.behind;
  if (place.behind !== undefined) place.behind.before = place.before;
  place.backlog = undefined;
  place.before = undefined;
  place.behind = undefined;
}
