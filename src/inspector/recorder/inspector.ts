import type { AnyActorRef } from "xstate";
import type { Lane, Ticket } from "../../../machines/lane.js";
import { scheduledEvents } from "../../../machines/xstate-internals.js";
import { VERSION } from "../../shared/package-root.js";
import { WallClock } from "../../shared/wall-clock.js";
import type { RequestObserver } from "../../worker/request/admission.js";
import { machineCharts } from "../chart/machine-charts.js";
import { errorOf, isErrorLine } from "./error-record.js";
import type { Feed, Hello, LaneView, Tick, TimerView } from "./frames.js";
import type { LiveActor } from "./live-actors.js";
import { Recorder } from "./recorder.js";
import { requestObserver } from "./request-trace.js";
import { Samples, type SamplesOptions } from "./samples.js";

/** Milliseconds between two frames while there is a subscriber, and between two samples. */
const TICK_MS = 100;
const SAMPLE_MS = 1000;
/** Actors in a hello, and in a tick: there may be 10,000 sessions. */
const MAX_ACTORS = 2000;
const MAX_CHANGES = 500;

const CHARTS = machineCharts();

interface InspectorOptions {
  /** Records that are kept. */
  readonly events: number;
  /** The worker's public URL. */
  readonly url: string;
  /** Takes secrets out of text. */
  readonly scrub: (text: string) => string;
}

/** The parts of the worker that the inspector reads. */
interface Inspected extends SamplesOptions {
  readonly worker: AnyActorRef;
}

/**
 * Keeps what a worker does, and sends subscribers what happens from then on. All of it
 * is plain data.
 */
export class Inspector implements Feed {
  readonly recorder: Recorder;
  readonly requests: RequestObserver;
  readonly #options: InspectorOptions;
  readonly #clock = new WallClock();
  readonly #startedAt = performance.now();
  readonly #listeners = new Set<(tick: Tick) => void>();
  #inspected: Inspected | undefined;
  #samples: Samples | undefined;
  #sampling: NodeJS.Timeout | undefined;
  #ticking: NodeJS.Timeout | undefined;
  /** Number of the last record that was sent to the listeners. */
  #sent = 0;
  /** The timers that were last sent to the listeners. */
  #timersText = "";

  constructor(options: InspectorOptions) {
    this.#options = options;
    this.recorder = new Recorder({
      charts: CHARTS,
      size: options.events,
      clock: this.#clock,
      scrub: options.scrub,
    });
    this.requests = requestObserver(this.recorder, this.#clock);
  }

  /** Begins to take samples. */
  begin(inspected: Inspected): void {
    this.#inspected = inspected;
    this.#samples = new Samples(inspected);
    this.#samples.take(performance.now());
    this.#sampling = setInterval(() => this.#sample(), SAMPLE_MS).unref();
  }

  /** Sends the last tick, and removes all listeners. */
  close(): void {
    this.#tick();
    clearInterval(this.#sampling);
    clearInterval(this.#ticking);
    this.#listeners.clear();
  }

  /** A line of the worker's log, as JSON: from `warn` on it is worth a record. */
  onLogLine(line: string): void {
    if (isErrorLine(line)) this.recorder.error(() => errorOf(line));
  }

  hello(): Hello {
    // Sends pending changes to the other listeners, so that this one has them in the hello only.
    this.#tick();
    const [actors] = splitAt(this.recorder.actors, MAX_ACTORS);
    return {
      type: "hello",
      format: 1,
      version: VERSION,
      url: this.#options.url,
      startedAt: this.#clock.at(this.#startedAt),
      at: this.#clock.now(),
      charts: CHARTS,
      actors: actors.map((actor) => actor.row(this.#clock)),
      actorsLeftOut: this.#actorsLeftOut(),
      records: this.recorder.records.after(0),
      samples: this.#samples?.kept ?? [],
      lanes: this.#lanesNow(),
      timers: this.#timersNow(),
    };
  }

  subscribe(onTick: (tick: Tick) => void): () => void {
    this.#listeners.add(onTick);
    this.#ticking ??= setInterval(() => this.#tick(), TICK_MS).unref();
    return () => {
      this.#listeners.delete(onTick);
      if (this.#listeners.size > 0) return;
      clearInterval(this.#ticking);
      this.#ticking = undefined;
    };
  }

  #sample(): void {
    // The times of day that were sent of actors are wrong now.
    if (this.#clock.adjust()) for (const actor of this.recorder.actors) this.recorder.actors.change(actor);
    const now = performance.now();
    const sample = this.#samples?.take(now, this.#clock.at(now));
    if (sample !== undefined) this.#tick(sample);
  }

  #tick(sample?: Tick["sample"]): void {
    const { changed, gone } = this.recorder.actors.takeChanges();
    const records = this.recorder.records.after(this.#sent);
    this.#sent = this.recorder.records.last;
    const leftOut = leftOutOf(changed);
    if (this.#listeners.size === 0) return;
    const timers = this.#timersNow();
    const timersText = timers.map(({ ref, event, startedAt }) => `${ref} ${event} ${startedAt}`).join();
    const hasTimers = timersText !== this.#timersText;
    this.#timersText = timersText;
    if (changed.length + gone.length + records.length === 0 && !hasTimers && sample === undefined) return;
    const [first, others] = splitAt(changed, MAX_CHANGES);
    this.recorder.actors.putBack(others);
    const tick: Tick = {
      type: "tick",
      at: this.#clock.now(),
      actors: first.map((actor) => actor.row(this.#clock)),
      gone,
      actorsLeftOut: this.#actorsLeftOut(),
      records,
      leftOut,
      ...(sample && { sample }),
      ...(changed.some(({ kind }) => kind === "queue") && { lanes: this.#lanesNow() }),
      ...(hasTimers && { timers }),
    };
    for (const listener of [...this.#listeners]) listener(tick);
  }

  #actorsLeftOut(): number {
    return Math.max(0, this.recorder.actors.size - MAX_ACTORS);
  }

  #lanesNow(): readonly LaneView[] {
    return lanesOf(this.recorder.actors, this.#clock);
  }

  #timersNow(): readonly TimerView[] {
    return this.#inspected === undefined ? [] : timersOf(this.#inspected.worker);
  }
}

/** The first so many of these actors, those of the worker itself before the many sessions, and the others. */
function splitAt(
  actors: Iterable<LiveActor>,
  count: number,
): readonly [first: readonly LiveActor[], others: readonly LiveActor[]] {
  const all = [...actors];
  if (all.length <= count) return [all, []];
  const sorted = all.toSorted((a, b) => Number(a.kind === "session") - Number(b.kind === "session"));
  return [sorted.slice(0, count), sorted.slice(count)];
}

/** The number of unrecorded events of each of these actors since the last call. */
function leftOutOf(actors: Iterable<LiveActor>): Tick["leftOut"] {
  const counts: Record<string, number> = {};
  for (const actor of actors) {
    if (actor.leftOut > actor.leftOutReported) counts[actor.ref] = actor.leftOut - actor.leftOutReported;
    actor.leftOutReported = actor.leftOut;
  }
  return counts;
}

/** Tickets that are shown of those that run, and as many again of those that wait. */
const MAX_TICKETS = 100;

/** Flows that are shown of a fair queue. */
const MAX_FLOWS = 20;

/** The queues' tickets as they are now, with times of day. Costs as much as is shown, however many wait. */
function lanesOf(actors: Iterable<LiveActor>, clock: WallClock): readonly LaneView[] {
  const lanes: LaneView[] = [];
  for (const { ref, snapshot } of actors) {
    if (snapshot === undefined || !hasLane(snapshot)) continue;
    const { lane } = snapshot;
    const flows = lane.flows();
    lanes.push({
      ref,
      running: first(lane.started(), clock),
      waiting: first(lane.queued(), clock),
      ...(flows.length > 0 && {
        flows: flows.slice(0, MAX_FLOWS),
        flowsLeftOut: Math.max(0, flows.length - MAX_FLOWS),
      }),
    });
  }
  return lanes;
}

const hasLane = (snapshot: object): snapshot is { readonly lane: Lane } => "lane" in snapshot;

function first(tickets: Iterable<Ticket>, clock: WallClock): readonly Ticket[] {
  const found: Ticket[] = [];
  for (const ticket of tickets) {
    if (found.length === MAX_TICKETS) break;
    found.push({ ...ticket, at: clock.at(ticket.at) });
  }
  return found;
}

/** Timers that are shown. */
const MAX_TIMERS = 100;

/** The events that the actors of a system have scheduled, the next one first. */
function timersOf(root: AnyActorRef): readonly TimerView[] {
  return scheduledEvents(root)
    .map(({ target, event, startedAt, delay }) => ({
      ref: target.sessionId,
      event: event.type,
      startedAt,
      delay,
    }))
    .toSorted((a, b) => a.startedAt + a.delay - (b.startedAt + b.delay))
    .slice(0, MAX_TIMERS);
}
