import { EventEmitter, once } from "node:events";
import { type DevLogLine, devLogLine } from "./dev-log-line.js";
import { DevProcess } from "./dev-process.js";
import type { DevProgram } from "./dev-program.js";
import { DevWatch } from "./dev-watch.js";

/** What a worker in development does. */
export type DevWorkerState =
  /** `state` is the worker's own word. */
  | { readonly kind: "running"; readonly state: string; readonly waitsFor?: string }
  | { readonly kind: "restarting"; readonly changed: string }
  /** It ended by itself, and is started again at the next change. */
  | { readonly kind: "down"; readonly reason: string }
  /** It has as many seconds to finish its requests. */
  | { readonly kind: "ending"; readonly graceS: number };

interface DevWorkerEvents {
  state: [state: DevWorkerState];
  line: [line: DevLogLine];
  /** Its process ends, or has ended: it takes no more requests. */
  away: [];
}

interface DevWorkerInput {
  readonly program: DevProgram;
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds that it has to finish its requests before it is killed. */
  readonly graceMs: number;
}

/** How many of the last lines of output are kept. */
const KEPT_LINES = 12;
/** Frames of a stack that are not the worker's own: they would push out what went wrong. */
const FOREIGN_FRAME = /^\s+at (?:.*[(\s/])?node(?::|_modules\/)/;

/** A worker that is started again whenever its program changes. */
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

  /** How often it was started. */
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

  /** From a start to the change that asks for the next one. */
  async #runOnce(watch: DevWatch, signal: AbortSignal): Promise<void> {
    const changed = once(watch, "change", { signal }).then(
      ([file]) => ({ file: String(file) }),
      () => "asked to end" as const,
    );
    this.#starts += 1;
    this.#become({ kind: "running", state: "starting" });
    const child = new DevProcess({ ...this.#input, ...this.#input.program, onLine: this.#hear });
    const first = await Promise.race([changed, child.ended]);
    this.emit("away");
    if (first === "asked to end") {
      this.#become({ kind: "ending", graceS: this.#input.graceMs / 1000 });
    } else if (typeof first === "object") this.#become({ kind: "restarting", changed: first.file });
    else {
      this.#become({ kind: "down", reason: first });
      await changed;
      return;
    }
    await child.stop(this.#input.graceMs);
    this.emit("away");
  }

  readonly #hear = (text: string): void => {
    const line = devLogLine(text);
    if (!FOREIGN_FRAME.test(text) && this.#lines.push(line) > KEPT_LINES) this.#lines.shift();
    this.emit("line", line);
    if (this.#state.kind !== "running") return;
    if (line.state !== undefined) this.#become({ kind: "running", state: line.state });
    // A line for each thing that happens has it already.
    else if (line.waitsFor !== undefined) this.#state = { ...this.#state, waitsFor: line.waitsFor };
  };

  #become(state: DevWorkerState): void {
    this.#state = state;
    this.emit("state", state);
  }
}
