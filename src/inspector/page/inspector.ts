import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext, useMemo } from "preact/hooks";
import type { Detail } from "../chart/text-lines.js";
import type { ActorRow } from "../recorder/frames.js";
import { parseRecording } from "../recorder/recording.js";
import { Connection } from "./connection.js";
import type { Entry } from "./history.js";
import type { LogFilter } from "./log-filter.js";
import { Selection } from "./ring.js";
import { Store } from "./store.js";

export type Tab = "machine" | "log" | "sequence" | "requests" | "charts" | "errors";

/** Where what is shown comes from. */
export type Source =
  | { readonly kind: "live" }
  | { readonly kind: "recording"; readonly name: string; readonly isCutOff: boolean };

/** Milliseconds between two steps of the page's clock. */
const CLOCK_MS = 200;

/** State of the page: what it shows, and what is selected. */
export class Inspector {
  readonly store: Store;
  readonly connection: Connection;
  readonly tab: Signal<Tab> = signal("machine");
  /** Number of the record whose details are shown. */
  readonly record: Signal<number | undefined> = signal(undefined);
  readonly filter: Signal<Omit<LogFilter, "actor">> = signal({ type: "", text: "", errorsOnly: false });
  /** The log shows the selected actor alone. */
  readonly isLogOfActor: Signal<boolean> = signal(false);
  readonly chartDetail: Signal<Detail> = signal("events");
  readonly isHelpOpen: Signal<boolean> = signal(false);
  readonly source: ReadonlySignal<Source>;
  /** Why a recording could not be opened. */
  readonly fault: Signal<string | undefined> = signal(undefined);
  /** The selected actor, alive or not; the root until one was chosen. */
  readonly actor: ReadonlySignal<ActorRow | undefined>;
  /** The worker's clock: now, or at the moment of the past that is shown. */
  readonly now: ReadonlySignal<number>;

  readonly #source = signal<Source>({ kind: "live" });
  readonly #ref = signal<string | undefined>(undefined);
  readonly #clock = signal(0);

  /** @param address of the feed. */
  constructor(address: string) {
    this.store = new Store(nextFrame);
    this.connection = new Connection(address, (frame) => this.store.receive(frame));
    this.source = this.#source;
    this.actor = computed(() => {
      this.store.version.value;
      const ref = this.#ref.value;
      return (ref === undefined ? undefined : this.store.actors.rowOf(ref)) ?? this.store.actors.root();
    });
    this.now = computed(() => this.store.past.value?.at ?? Math.max(this.#clock.value, this.store.at.value));
  }

  /** Connects, and starts the clock. */
  start(): void {
    let heardAt = performance.now();
    effect(() => {
      this.store.at.value;
      heardAt = performance.now();
    });
    setInterval(() => {
      const isRunning = this.connection.status.peek().kind === "live" && !this.store.paused.peek();
      this.#clock.value = this.store.at.peek() + (isRunning ? performance.now() - heardAt : 0);
    }, CLOCK_MS);
    this.connection.open();
  }

  selectActor(ref: string): void {
    this.#ref.value = ref;
  }

  /** Looks back to a record, and shows its details. */
  travel(n: number): void {
    batch(() => {
      this.store.cursor.value = n;
      this.record.value = n;
    });
  }

  /** Looks back to the next record in a direction; beyond the last one lies the present. */
  step(by: 1 | -1): void {
    const { entries } = this.store.history;
    const cursor = this.store.cursor.peek();
    let position = (cursor === undefined ? entries.end : this.store.history.positionOf(cursor)) + by;
    // Gaps bear the number of the record before them, and are no places to be.
    for (let entry = entries.at(position); entry !== undefined; entry = entries.at(position)) {
      if (entry.kind === "record" && entry.n !== cursor) {
        this.travel(entry.n);
        return;
      }
      position += by;
    }
    if (by === 1) this.returnToNow();
  }

  returnToNow(): void {
    this.store.cursor.value = undefined;
  }

  /** Closes what is open: first the past, then the details. */
  leave(): void {
    if (this.store.cursor.peek() !== undefined) this.returnToNow();
    else this.record.value = undefined;
  }

  togglePause(): void {
    if (this.#source.peek().kind === "recording") return;
    if (!this.store.paused.peek()) this.store.pause();
    else if (this.store.resume()) this.connection.open();
  }

  /** Shows a recording instead of the worker. A file that is not a recording sets {@link fault} and changes nothing else. */
  openRecording(name: string, text: string): void {
    try {
      const { hello, ticks, isCutOff } = parseRecording(text);
      this.connection.close();
      batch(() => {
        this.#reset({ kind: "recording", name, isCutOff });
        for (const frame of [hello, ...ticks]) this.store.receive(frame);
      });
    } catch (error) {
      this.fault.value = `${name} is no recording: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  /** From a recording back to the worker. */
  backToLive(): void {
    this.#reset({ kind: "live" });
    this.connection.open();
  }

  #reset(source: Source): void {
    batch(() => {
      this.store.clear();
      this.#source.value = source;
      this.fault.value = undefined;
      this.record.value = undefined;
      this.#ref.value = undefined;
      this.#clock.value = 0;
    });
  }
}

/** A page in the background has no animation frames: there it is a second. */
function nextFrame(run: () => void): void {
  let isDone = false;
  const once = (): void => {
    if (!isDone) run();
    isDone = true;
  };
  requestAnimationFrame(once);
  setTimeout(once, 1000);
}

export const InspectorContext = createContext<Inspector | undefined>(undefined);

/** The inspector that a component is part of. */
export function useInspector(): Inspector {
  const inspector = useContext(InspectorContext);
  if (inspector === undefined) throw new Error("expected an InspectorContext around this component");
  return inspector;
}

/** The entries of the past that pass a test, kept up to date. The test has to be the same one each time. */
export function useSelection(test: (entry: Entry) => boolean): Selection<Entry> {
  const { store } = useInspector();
  const selection = useMemo(() => new Selection(store.history.entries, test), [store, test]);
  store.version.value;
  selection.follow();
  return selection;
}
