import { appendFileSync } from "node:fs";
import { STATUS_CODES } from "node:http";
import { errorMessage, TsworkerError } from "../shared/errors.js";
import type { Answered } from "./simulated-model.js";

/**
 * The log of a simulated model.
 *
 * Lines are written synchronously: a reader of the file who has an answer finds the line about it. A file that is removed
 * or truncated is created again.
 */
export class ModelLog {
  readonly #file: string | undefined;
  readonly #onLine: ((line: string) => void) | undefined;
  /** Whether a line could not be written, which is reported once. */
  #hasLost = false;

  /**
   * @param file - path of the file; undefined: nothing is written.
   * @param onLine - called with every line.
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

  /** Writes a line. When the file cannot be written, as on a full disk, the line is lost. */
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

/** An answer as uvicorn logs it, the web server of most model servers in Python. */
export function accessLine({ from, request, status }: Answered): string {
  return `${from} - "${request.method} ${request.url} HTTP/1.1" ${status} ${STATUS_CODES[status] ?? ""}`;
}

/** A download in the log of an instance: a line of JSON, with any model server. */
export function downloadLine(message: string): string {
  return JSON.stringify({ timestamp: new Date().toISOString(), level: "INFO", message });
}
