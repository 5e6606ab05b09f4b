import { LRUCache } from "lru-cache";
import { stateText } from "../../inspector/chart/state-value.js";
import type { Frame, Hello, InspectRecord, Tick } from "../../inspector/recorder/frames.js";
import { inspectLine, type LineFormat } from "./inspect-line.js";
import { inspectRow } from "./inspect-row.js";

interface InspectLogOptions {
  readonly isSelected: (record: InspectRecord) => boolean;
  /** Records of the past that are shown first. */
  readonly past: number;
  readonly format: "json" | "lines";
  /** Called for each record: a terminal's width changes. */
  readonly lineFormat: () => LineFormat;
}

/** Actors whose last state is kept, to show changes. */
const MAX_STATES = 10_000;
/** Milliseconds between two lines about omitted events. */
const LEFT_OUT_EVERY_MS = 1000;

/** Frames as text. */
export class InspectLog {
  readonly #options: InspectLogOptions;
  /** Last known state by the actor's reference. */
  readonly #states = new LRUCache<string, string>({ max: MAX_STATES });
  #shown = 0;
  #leftOut = 0;
  #leftOutUnreported = 0;
  #reportedAt = 0;

  constructor(options: InspectLogOptions) {
    this.#options = options;
  }

  /** Records printed so far. */
  get shown(): number {
    return this.#shown;
  }

  /** Events that the worker left out so far. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** The lines of a frame, each with its end; empty: none. */
  textOf(frame: Frame): string {
    const lines = frame.type === "hello" ? this.#ofHello(frame) : this.#ofTick(frame);
    return lines.map((line) => `${line}\n`).join("");
  }

  #ofHello({ records, actors }: Hello): readonly string[] {
    const selected = records.filter(this.#options.isSelected);
    const first = selected[Math.max(0, selected.length - this.#options.past)];
    const lines: string[] = [];
    for (const record of records) {
      const line = this.#lineOf(record, first !== undefined && record.n >= first.n);
      if (line !== undefined) lines.push(line);
    }
    for (const { ref, state } of actors) if (state !== undefined) this.#states.set(ref, stateText(state));
    return lines;
  }

  #ofTick({ at, records, leftOut }: Tick): readonly string[] {
    const lines = records.flatMap((record) => this.#lineOf(record, true) ?? []);
    for (const count of Object.values(leftOut)) {
      this.#leftOut += count;
      this.#leftOutUnreported += count;
    }
    if (
      this.#options.format === "lines" &&
      this.#leftOutUnreported > 0 &&
      at >= this.#reportedAt + LEFT_OUT_EVERY_MS
    ) {
      lines.push(this.#leftOutLine(at));
    }
    return lines;
  }

  /** @returns undefined for a record that is not printed; its state is kept all the same. */
  #lineOf(record: InspectRecord, isWanted: boolean): string | undefined {
    let before: string | undefined;
    if (record.kind === "event" && record.state !== undefined) {
      before = this.#states.get(record.ref);
      this.#states.set(record.ref, stateText(record.state));
    }
    if (!isWanted || !this.#options.isSelected(record)) return;
    this.#shown += 1;
    if (this.#options.format === "json") return JSON.stringify(record);
    return inspectLine(inspectRow(record, before), this.#options.lineFormat());
  }

  #leftOutLine(at: number): string {
    const text = `${this.#leftOutUnreported.toLocaleString("en")} left out: more events came than can be shown`;
    this.#leftOutUnreported = 0;
    this.#reportedAt = at;
    const row = { at, from: "", to: "", what: { text: "…", style: "none" }, below: [] } as const;
    return inspectLine({ ...row, detail: [{ text, style: "yellow" }] }, this.#options.lineFormat());
  }
}
