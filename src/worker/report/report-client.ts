import http from "node:http";
import https from "node:https";
import { TsworkerError } from "../../shared/errors.js";
import { withTimeLimit } from "../../shared/time-limit.js";

/** Bytes of an answer that are read so that its connection can be used again; the content is ignored. */
const ANSWER_LIMIT = 64 * 1024;

/** One report at a time of each kind. */
const KEPT_CONNECTIONS = 2;

/** The connection on which it was sent had been closed by the engine. */
const STALE_CODES: readonly unknown[] = ["ECONNRESET", "EPIPE"];

/** Sends reports to the engine over connections that are kept. */
export class ReportClient {
  readonly #http = new http.Agent({ keepAlive: true, maxFreeSockets: KEPT_CONNECTIONS });
  readonly #https = new https.Agent({ keepAlive: true, maxFreeSockets: KEPT_CONNECTIONS });

  /**
   * POSTs a report: JSON in pieces. A redirect is not followed: that may turn into a GET, whose 200 is no confirmation of the
   * report.
   *
   * @param timeoutMs for all of it, the end of the answer included.
   * @throws TsworkerError `REPORT_FAILED` unless it was answered 2xx.
   */
  async post(url: string, body: readonly Buffer[], timeoutMs: number, signal: AbortSignal): Promise<void> {
    let status: number;
    try {
      status = await withTimeLimit(timeoutMs, signal, (limited) => this.#send(new URL(url), body, limited));
    } catch (error) {
      const cause = error instanceof Error && error.name === "AbortError" ? error.cause : error;
      throw new TsworkerError(
        "REPORT_FAILED",
        `${url} did not answer: ${cause instanceof Error ? cause.message : cause}`,
        { cause: error },
      );
    }
    if (status < 200 || status > 299)
      throw new TsworkerError("REPORT_FAILED", `${url} answered ${status}, expected 2xx`);
  }

  /** Closes the connections. */
  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  async #send(url: URL, body: readonly Buffer[], signal: AbortSignal): Promise<number> {
    const agent = url.protocol === "https:" ? this.#https : this.#http;
    try {
      return await exchange(url, body, signal, agent);
    } catch (error) {
      if (!(error instanceof StaleConnection) || signal.aborted) throw error;
      return exchange(url, body, signal, false);
    }
  }
}

/** A kept connection was closed before an answer came. */
class StaleConnection extends Error {}

/**
 * Sends a report once. The status alone decides: what was taken is not reported again because the rest of the answer did
 * not come.
 *
 * @param agent false: over a connection of its own.
 * @returns the status.
 */
function exchange(
  url: URL,
  body: readonly Buffer[],
  signal: AbortSignal,
  agent: http.Agent | false,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const { request: newRequest } = url.protocol === "https:" ? https : http;
    const request = newRequest(url, {
      agent,
      method: "POST",
      headers: { "content-type": "application/json", "content-length": lengthOf(body) },
      signal,
    });
    let status: number | undefined;
    request.on("response", (response) => {
      status = response.statusCode ?? 0;
      let bytes = 0;
      response.on("data", (piece: Buffer) => {
        bytes += piece.length;
        if (bytes > ANSWER_LIMIT) response.destroy();
      });
      response.on("error", () => {});
    });
    request.on("error", (error: NodeJS.ErrnoException) => {
      if (status !== undefined) return;
      const isStale = request.reusedSocket && STALE_CODES.includes(error.code);
      reject(isStale ? new StaleConnection(error.message, { cause: error }) : error);
    });
    request.on("close", () => {
      if (status === undefined) reject(new Error("the connection was closed without an answer"));
      else resolve(status);
    });
    // In one write, without a copy of the body.
    request.cork();
    for (const piece of body) request.write(piece);
    request.end();
  });
}

const lengthOf = (pieces: readonly Buffer[]): number => pieces.reduce((sum, { length }) => sum + length, 0);
