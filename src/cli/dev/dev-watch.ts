import { EventEmitter } from "node:events";
import { type FSWatcher, watch } from "node:fs";

/** What editors write in one go is one change. */
const SETTLED_MS = 150;

/** Programs only: what a worker itself writes beside its file, such as a log, is no reason to restart it. */
const PROGRAM = /\.[cm]?[jt]sx?$/;

interface DevWatchEvents {
  /** A program changed, appeared or went away, and no other did for a moment. */
  change: [file: string];
}

/** Watches the programs of a folder, not those of the folders in it. */
export class DevWatch extends EventEmitter<DevWatchEvents> {
  readonly #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param folder undefined: nothing ever changes. */
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
