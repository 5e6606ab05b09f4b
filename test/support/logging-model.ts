import { appendFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { close, httpUrl, listen } from "../../src/shared/listen.js";
import type { Payload } from "../../src/shared/wire.js";

/** This model's line of readiness. */
export const LOADED = "Application startup complete.";

/**
 * What becomes of a request, as its payload has it in `fate`: it is answered (the default), its connection is
 * broken before an answer, or it waits until {@link LoggingModel.release}.
 */
export type Fate = "answer" | "break" | "hold";

/**
 * A model server that the test controls: an HTTP server on the loopback and a log file, which do exactly what the
 * test wants, and keep the requests.
 */
export class LoggingModel {
  readonly logFile: string;
  /** Status of its health URL, `/health`. */
  health = 200;
  /** So many more of its health URL's answers are 503. */
  unhealthyAnswers = 0;
  /** Its health URL gives no answer. */
  isBusy = false;
  /** Status of its answers. */
  status = 200;
  /** Body of its answers. */
  body = '{"answer":"yes"}';
  /** Content type of its answers. */
  contentType = "application/json";
  /** Which requests are refused with 429, by their number from 1 on. */
  refuses: (number: number) => boolean = () => false;
  /** Milliseconds that an answer takes. */
  answerMs = 0;
  /** Every payload that it was sent, oldest first. */
  readonly payloads: Payload[] = [];
  /** How often its health URL was asked. */
  probes = 0;
  /** Most requests that were open at once. */
  most = 0;
  /** Requests whose client went away before the answer. */
  abandoned = 0;
  readonly #server = createServer((request, response) => {
    if (request.method === "GET") {
      this.probes++;
      if (this.isBusy) return;
      const isUnhealthy = this.unhealthyAnswers > 0;
      if (isUnhealthy) this.unhealthyAnswers--;
      response.writeHead(isUnhealthy ? 503 : this.health).end();
      return;
    }
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => void this.#take(JSON.parse(Buffer.concat(pieces).toString()), response));
  });
  readonly #open = new Set<ServerResponse>();
  readonly #held = new Set<ServerResponse>();
  #url = "";

  /** @param logFile is written by `say` and `write` only: until then it is not there. */
  constructor(logFile: string) {
    this.logFile = logFile;
  }

  get url(): string {
    return this.#url;
  }

  /** Requests that have no answer yet. */
  get open(): number {
    return this.#open.size;
  }

  /** Requests that wait for `release`. */
  get held(): number {
    return this.#held.size;
  }

  /** @param port 0 for any. */
  async start(port = 0): Promise<void> {
    this.#url = httpUrl("127.0.0.1", await listen(this.#server, "127.0.0.1", port));
  }

  stop(): Promise<void> {
    return close(this.#server);
  }

  /** Writes lines into the log. */
  say(...lines: readonly string[]): void {
    this.write(lines.map((line) => `${line}\n`).join(""));
  }

  /** Writes into the log what need not be whole lines, nor text. */
  write(piece: string | Uint8Array): void {
    appendFileSync(this.logFile, piece);
  }

  /** Answers every request that is held. */
  release(): void {
    for (const response of this.#held) this.#answer(response);
    this.#held.clear();
  }

  async #take(payload: Payload, response: ServerResponse): Promise<void> {
    this.payloads.push(payload);
    this.#open.add(response);
    this.most = Math.max(this.most, this.#open.size);
    response.on("close", () => {
      if (!response.writableEnded) this.abandoned++;
      this.#open.delete(response);
      this.#held.delete(response);
    });
    if (this.refuses(this.payloads.length)) {
      this.#open.delete(response);
      response.writeHead(429).end();
    } else if (payload.fate === "break") response.socket?.destroy();
    else if (payload.fate === "hold") this.#held.add(response);
    else {
      if (this.answerMs > 0) await sleep(this.answerMs);
      this.#answer(response);
    }
  }

  #answer(response: ServerResponse): void {
    this.#open.delete(response);
    response.writeHead(this.status, { "content-type": this.contentType }).end(this.body);
  }
}
