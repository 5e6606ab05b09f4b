import http from "node:http";
import https from "node:https";

/** Whether the server at a URL answers. It may only reject if the URL cannot be probed. */
export type Probe = (url: string) => Promise<boolean>;

/** Milliseconds for the answer to a probe. */
const PROBE_MS = 1000;
/** Seconds between two probes of a worker. */
const PROBE_INTERVAL = 0.25;
/** Requests that could not reach a worker after which others are preferred until its next report. */
const SUSPECT_AFTER = 2;
/** The same for a worker that does not answer probes, after which it gets no requests even if no other is ready. */
const LOST_AFTER = 3;
/** Seconds without a report or an answer to a probe after which a worker is probed when a request is sent to it. */
const STALE_AFTER = 2;

/**
 * Whether clients reach a worker, between two of its reports: a report is evidence that it lives. A client that asks again
 * soon after it was sent to a worker did not reach it.
 */
export class Reachability {
  readonly #url: string;
  readonly #probe: Probe | undefined;
  #aliveAt: number;
  #failures = 0;
  /** Result of the last probe. */
  #answers = true;
  #probedAt = Number.NEGATIVE_INFINITY;
  #isProbing = false;

  /** @param reportedAt - seconds of a monotonic clock, as all times here. @param probe - default: it is never probed. */
  constructor(url: string, reportedAt: number, probe: Probe | undefined) {
    this.#url = url;
    this.#aliveAt = reportedAt;
    this.#probe = probe;
  }

  /** Several requests could not reach it. */
  get isSuspect(): boolean {
    return this.#failures >= SUSPECT_AFTER;
  }

  /** It did not answer the last probe. */
  get isUnreachable(): boolean {
    return !this.#answers;
  }

  /** It gets no requests until it reports or answers a probe. */
  get isLost(): boolean {
    return !this.#answers && this.#failures >= LOST_AFTER;
  }

  /** Whether it has reported or answered a probe since. */
  isAliveSince(at: number): boolean {
    return this.#aliveAt > at;
  }

  /** A request could not reach it. */
  fail(now: number): void {
    this.#failures += 1;
    this.check(now);
  }

  /** A request is sent to it. */
  assign(now: number): void {
    if (now - this.#aliveAt > STALE_AFTER) this.check(now);
  }

  /** Probes it, unless that was done a moment ago. */
  check(now: number): void {
    if (this.#probe === undefined || this.#isProbing || now - this.#probedAt < PROBE_INTERVAL) return;
    this.#isProbing = true;
    this.#probedAt = now;
    const settle = (answers: boolean): void => {
      this.#isProbing = false;
      this.#answers = answers;
      if (answers) this.#aliveAt = now;
    };
    this.#probe(this.#url).then(settle, () => settle(true));
  }
}

/**
 * Asks a server for anything over HTTP: every answer counts, whatever its status. The certificate is not verified, because
 * nothing is sent.
 *
 * @throws when it is no URL of HTTP.
 */
export const answersHttp: Probe = async (url) => {
  const { protocol } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:") throw new TypeError(`${url} cannot be probed`);
  const get = protocol === "https:" ? https.get : http.get;
  return new Promise((resolve) => {
    const request = get(url, {
      agent: false,
      rejectUnauthorized: false,
      signal: AbortSignal.timeout(PROBE_MS),
    });
    request.once("response", (response) => {
      resolve(true);
      response.destroy();
    });
    request.on("error", () => resolve(false));
    request.once("close", () => resolve(false));
  });
};
