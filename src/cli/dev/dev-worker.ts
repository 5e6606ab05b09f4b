import { EventEmitter, once } from "node:events";
import { type FSWatcher, watch } from "node:fs";
import { type DevLogLine, devLogLine } from "./dev-log-line.js";
import { DevProcess } from "./dev-process.js";
import type { DevProgram } from "./dev-program.js";

/** State of a worker in development. */
export type DevWorkerState =
  /** `state` as the worker logs it. */
  | { readonly kind: "running"; readonly state: string; readonly waitsFor?: string }
  | { readonly kind: "restarting"; readonly changed: string }
  /** It ended by itself, and starts again at the next change. */
  | { readonly kind: "down"; readonly reason: string }
  /** It has so many seconds to finish its requests. */
  | { readonly kind: "ending"; readonly graceS: number };

interface DevWorkerEvents {
  state: [state: DevWorkerState];
  line: [line: DevLogLine];
  /** Its process ends, or has ended: it accepts no more requests. */
  away: [];
}

interface DevWorkerInput {
  readonly program: DevProgram;
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds to finish its requests before it is killed. */
  readonly graceMs: number;
}

/** Lines of output that are kept. */
const KEPT_LINES = 12;
/** Stack frames in Node.js and libraries: they would hide the error. */
const FOREIGN_FRAME = /^\s+at (?:.*[(\s/])?node(?::|_modules\/)/;

/** A worker that is restarted when its program changes. */
export class DevWorker extends EventEmitter<DevWorkerEvents> {
  readonly #input: DevWorkerInput;
  readonly #lines: DevLogLine[] = [];
  #state: DevWorkerState = { kind: "running", state: "starting" };
  #starts = 0;

  constructor(input: DevWorkerInput) {
    super();
    this.#input = input;
  }

  get state(): DevWorkerState {
    return this.#state;
  }

  /** Number of starts. */
  get starts(): number {
    return this.#starts;
  }

  /**
   * The last lines of its output, oldest first, those of the process before included, and without a stack's frames
   * in libraries.
   */
  get lines(): readonly DevLogLine[] {
    return this.#lines;
  }

  /** Runs until the signal is aborted and no process is left. */
  async run(signal: AbortSignal): Promise<void> {
    const watch = new DevWatch(this.#input.program.folder);
    try {
      while (!signal.aborted) await this.#runOnce(watch, signal);
    } finally {
      watch.close();
    }
  }

  /** From a start to the next change. */
  async #runOnce(watch: DevWatch, signal: AbortSignal): Promise<void> {
    const changed = once(watch, "change", { signal }).then(
      ([file]) => ({ file: String(file) }),
      () => "interrupted" as const,
    );
    this.#starts += 1;
    this.#setState({ kind: "running", state: "starting" });
    const child = new DevProcess({ ...this.#input, ...this.#input.program, onLine: this.#onLine });
    const first = await Promise.race([changed, child.ended]);
    this.emit("away");
    if (first === "interrupted") {
      this.#setState({ kind: "ending", graceS: this.#input.graceMs / 1000 });
    } else if (typeof first === "object") this.#setState({ kind: "restarting", changed: first.file });
    else {
      this.#setState({ kind: "down", reason: first });
      await changed;
      return;
    }
    await child.stop(this.#input.graceMs);
    this.emit("away");
  }

  readonly #onLine = (text: string): void => {
    const line = devLogLine(text);
    if (!FOREIGN_FRAME.test(text) && this.#lines.push(line) > KEPT_LINES) this.#lines.shift();
    this.emit("line", line);
    if (this.#state.kind !== "running") return;
    if (line.state !== undefined) this.#setState({ kind: "running", state: line.state });
    // The line itself has been emitted.
    else if (line.waitsFor !== undefined) this.#state = { ...this.#state, waitsFor: line.waitsFor };
  };

  #setState(state: DevWorkerState): void {
    this.#state = state;
    this.emit("state", state);
  }
}

/** Writes of an editor within this time are one change. */
const SETTLED_MS = 150;

/** Programs only: files that the worker writes, such as a log, do not restart it. */
const PROGRAM = /\.[cm]?[jt]sx?$/;

interface DevWatchEvents {
  /** A program changed, appeared or was removed. */
  change: [file: string];
}

/** Watches the programs of a folder, without subfolders. */
class DevWatch extends EventEmitter<DevWatchEvents> {
  readonly #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param folder undefined: none. */
  constructor(folder: string | undefined) {
    super();
    if (folder === undefined) return;
    this.#watcher = watch(folder, (_, file) => {
      if (file === null || !PROGRAM.test(file)) return;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.emit("change", file), SETTLED_MS);
    });
  }

  close(): void {
    this.#watcher?.close();
    clearTimeout(this.#timer);
  }
}
