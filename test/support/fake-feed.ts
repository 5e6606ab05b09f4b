import type { Feed, Hello, InspectRecord, Tick } from "../../src/inspector/recorder/frames.js";
import { helloOf, tickOf } from "./inspect-frames.js";

/** A feed of frames from the test, which keeps them as a worker does. */
export class FakeFeed implements Feed {
  readonly #listeners = new Set<(tick: Tick) => void>();
  #hello: Hello;
  readonly #maxRecords: number;

  constructor(hello: Partial<Hello> = {}, maxRecords = 5000) {
    this.#hello = helloOf(hello);
    this.#maxRecords = maxRecords;
  }

  hello(): Hello {
    return this.#hello;
  }

  subscribe(onTick: (tick: Tick) => void): () => void {
    this.#listeners.add(onTick);
    return () => this.#listeners.delete(onTick);
  }

  /** Number of subscribers. */
  get listeners(): number {
    return this.#listeners.size;
  }

  emit(records: readonly InspectRecord[], parts: Partial<Omit<Tick, "type" | "records">> = {}): void {
    const tick = tickOf(records, parts);
    const rows = new Map([...this.#hello.actors, ...tick.actors].map((row) => [row.ref, row]));
    for (const ref of tick.gone) rows.delete(ref);
    this.#hello = {
      ...this.#hello,
      actors: [...rows.values()],
      records: [...this.#hello.records, ...records].slice(-this.#maxRecords),
    };
    for (const onTick of this.#listeners) onTick(tick);
  }
}
