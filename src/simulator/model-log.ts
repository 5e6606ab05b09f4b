import { appendFileSync } from "node:fs";
import { errorMessage, TsworkerError } from "../shared/errors.js";

/**
 * The log of a simulated model.
 *
 * Lines are written synchronously: who reads the file after an answer sees the line about it, and a log that
 * is removed or truncated meanwhile is simply begun anew.
 */
export class ModelLog {
  readonly #file: string | undefined;
  readonly #onLine: ((line: string) => void) | undefined;
  /** Whether a line could not be written, which is told once. */
  #hasLost = false;

  /**
   * @param file - path of the file; undefined: nothing is written.
   * @param onLine - told of every line.
   * @throws {TsworkerError} `CONFIG_INVALID` when the file cannot be written.
   */
  constructor(file: string | undefined, onLine: ((line: string) => void) | undefined) {
    this.#file = file;
    this.#onLine = onLine;
    if (file === undefined) return;
    try {
      appendFileSync(file, "");
    } catch (cause) {
      throw new TsworkerError("CONFIG_INVALID", `cannot write the model's log: ${errorMessage(cause)}`, {
        cause,
      });
    }
  }

  /** A line of uvicorn, the web server of most model servers in Python. */
  server(message: string): void {
    this.line(`INFO:     ${message}`);
  }

  /** A line as it is. A file that cannot be written any more, as on a full disk, is no reason to die: the line is lost. */
  line(text: string): void {
    this.#write(`${text}\n`);
    this.#onLine?.(text);
  }

  #write(text: string): void {
    if (this.#file === undefined) return;
    try {
      appendFileSync(this.#file, text);
    } catch (error) {
      if (!this.#hasLost) this.#onLine?.(`cannot write the model's log any more: ${errorMessage(error)}`);
      this.#hasLost = true;
    }
  }
}
