import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type {
  ErrorRecord,
  Frame,
  Hello,
  InspectRecord,
  LaneView,
  Sample,
  Tick,
  TimerView,
} from "../recorder/frames.js";
import { ActorTable } from "./actor-table.js";
import { ErrorGroups } from "./error-groups.js";
import { History, type Past } from "./history.js";

/** Samples of 10 minutes. */
const KEPT_SAMPLES = 600;
/** Records that are held back while the page is paused. */
const HELD_RECORDS = 20_000;
/** Frames that are held back while the page is paused: ten minutes of them. */
const HELD_FRAMES = 6000;

/**
 * All that the page shows, read-only. Frames are applied once per animation frame, all that have come together; what
 * changes in place counts up {@link version}, so that a record costs O(1), however much is kept.
 */
export class Store {
  readonly history: History;
  readonly actors = new ActorTable();
  readonly errors = new ErrorGroups();
  /** Undefined: nothing has come yet. */
  readonly hello: ReadonlySignal<Hello | undefined>;
  /** Counts up with every change of history, actors and errors. */
  readonly version: ReadonlySignal<number>;
  /** The worker's clock at the last frame. */
  readonly at: ReadonlySignal<number>;
  readonly samples: ReadonlySignal<readonly Sample[]>;
  readonly lanes: ReadonlySignal<readonly LaneView[]>;
  readonly timers: ReadonlySignal<readonly TimerView[]>;
  readonly actorsLeftOut: ReadonlySignal<number>;
  readonly paused: ReadonlySignal<boolean>;
  /** Records that came since the page was paused. */
  readonly held: ReadonlySignal<number>;
  /** Number of the record of the past that is shown; undefined: now. */
  readonly cursor: Signal<number | undefined> = signal(undefined);
  /** All actors at the cursor; undefined: now. */
  readonly past: ReadonlySignal<Past | undefined>;

  readonly #hello = signal<Hello | undefined>(undefined);
  readonly #version = signal(0);
  readonly #at = signal(0);
  readonly #samples = signal<readonly Sample[]>([]);
  readonly #lanes = signal<readonly LaneView[]>([]);
  readonly #timers = signal<readonly TimerView[]>([]);
  readonly #actorsLeftOut = signal(0);
  readonly #paused = signal(false);
  readonly #held = signal(0);
  readonly #nextFrame: (run: () => void) => void;
  #waiting: Frame[] = [];
  #isScheduled = false;
  #hasOverflowed = false;

  /**
   * @param nextFrame runs a function once, with the next animation frame.
   * @param capacity how many records are kept.
   */
  constructor(nextFrame: (run: () => void) => void, capacity?: number) {
    this.#nextFrame = nextFrame;
    this.history = new History(capacity);
    this.hello = this.#hello;
    this.version = this.#version;
    this.at = this.#at;
    this.samples = this.#samples;
    this.lanes = this.#lanes;
    this.timers = this.#timers;
    this.actorsLeftOut = this.#actorsLeftOut;
    this.paused = this.#paused;
    this.held = this.#held;
    this.past = computed(() => {
      const n = this.cursor.value;
      return n === undefined ? undefined : this.history.pastAt(n);
    });
  }

  /** Takes a frame; it is applied with the next animation frame, or after the pause. */
  receive(frame: Frame): void {
    if (this.#paused.peek()) this.#hold(frame);
    else {
      this.#waiting.push(frame);
      this.#schedule();
    }
  }

  pause(): void {
    this.#paused.value = true;
  }

  /** @returns whether more was missed than is kept, so that the past has to be fetched anew. */
  resume(): boolean {
    const isTooLate = this.#hasOverflowed;
    this.#hasOverflowed = false;
    this.#paused.value = false;
    this.#held.value = 0;
    this.#schedule();
    return isTooLate;
  }

  /** Forgets everything, what is held back included: another source is shown. */
  clear(): void {
    batch(() => {
      this.#waiting = [];
      this.#forget();
      this.resume();
      this.#hello.value = undefined;
      this.#version.value += 1;
    });
  }

  #hold(frame: Frame): void {
    this.#held.value += frame.records.length;
    if (this.#hasOverflowed) return;
    this.#waiting.push(frame);
    if (this.#held.value <= HELD_RECORDS && this.#waiting.length <= HELD_FRAMES) return;
    this.#waiting = [];
    this.#hasOverflowed = true;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#nextFrame(() => {
      this.#isScheduled = false;
      // What was on its way when the page was paused waits with all that follows.
      if (!this.#paused.peek()) this.#flush();
    });
  }

  #flush(): void {
    const frames = this.#waiting;
    if (frames.length === 0) return;
    this.#waiting = [];
    batch(() => {
      for (const frame of frames) {
        if (frame.type === "hello") this.#begin(frame);
        else this.#apply(frame);
      }
      this.#version.value += 1;
    });
  }

  #begin(hello: Hello): void {
    const known = this.#hello.peek();
    // The same worker again, after the connection was lost: its records are kept.
    const isSame = known?.startedAt === hello.startedAt && known.url === hello.url;
    const last = this.history.lastN;
    if (!isSame) this.#forget();
    const [first] = hello.records;
    if (isSame && first !== undefined && last >= 0 && first.n > last + 1)
      this.history.addGap(first.at, { "": first.n - last - 1 });
    const alive = new Set(hello.actors.map(({ ref }) => ref));
    for (const { row } of [...this.actors.alive()]) if (!alive.has(row.ref)) this.actors.remove(row.ref);
    for (const row of hello.actors) this.actors.update(row);
    this.actors.measure(hello.at);
    this.#hello.value = hello;
    this.#at.value = hello.at;
    this.#samples.value = hello.samples.slice(-KEPT_SAMPLES);
    this.#lanes.value = hello.lanes;
    this.#timers.value = hello.timers;
    this.#actorsLeftOut.value = hello.actorsLeftOut;
    for (const record of hello.records) this.#record(record);
  }

  #apply(tick: Tick): void {
    for (const row of tick.actors) this.actors.update(row);
    for (const record of tick.records) this.#record(record);
    // With the root the worker has ended: what was there last stays in view.
    const root = this.actors.root();
    if (root === undefined || !tick.gone.includes(root.ref))
      for (const ref of tick.gone) this.actors.remove(ref);
    this.history.addGap(tick.at, tick.leftOut);
    this.actors.measure(tick.at);
    this.#at.value = tick.at;
    this.#actorsLeftOut.value = tick.actorsLeftOut;
    if (tick.sample !== undefined)
      this.#samples.value = [...this.#samples.peek(), tick.sample].slice(-KEPT_SAMPLES);
    if (tick.lanes !== undefined) this.#lanes.value = tick.lanes;
    if (tick.timers !== undefined) this.#timers.value = tick.timers;
  }

  #record(record: InspectRecord): void {
    const isNew = record.n > this.history.lastN;
    this.history.add(record);
    if (isNew && record.kind === "error") this.#error(record);
  }

  #error(record: ErrorRecord): void {
    this.errors.add(record);
    if (record.actor !== undefined) this.actors.countError(record.actor);
  }

  #forget(): void {
    this.history.clear();
    this.actors.clear();
    this.errors.clear();
    this.cursor.value = undefined;
    this.#samples.value = [];
    this.#lanes.value = [];
    this.#timers.value = [];
    this.#actorsLeftOut.value = 0;
  }
}
