import { type FileHandle, open } from "node:fs/promises";
import type { Frame } from "../../inspector/recorder/frames.js";
import { frameLine } from "../../inspector/recorder/recording.js";
import { TsworkerError } from "../../shared/errors.js";

/**
 * Writes a recording. A frame is handed to the operating system as a whole before the next one is taken: whenever this
 * process is killed, all lines but perhaps the last one are complete.
 */
export class InspectRecorder {
  readonly #path: string;
  #file: FileHandle | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** The first frame replaces what the file held before: whoever reaches no worker loses no earlier recording. */
  async write(frame: Frame): Promise<void> {
    try {
      this.#file ??= await open(this.#path, "w");
      await this.#file.appendFile(frameLine(frame));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new TsworkerError("CONFIG_INVALID", `cannot write the recording: ${reason}`, { cause });
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}
