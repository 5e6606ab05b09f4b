import type { Log } from "../../shared/log.js";
import { VERSION } from "../../shared/package-root.js";
import { withTimeLimit } from "../../shared/time-limit.js";
import type { TracingSettings } from "../config/tracing-settings.js";
import type { SpanCounts } from "../metrics/metrics-reading.js";
import { otlpJson, type Span } from "./span.js";

/** Spans that wait at most, as in OpenTelemetry's own SDKs. */
const QUEUE_LIMIT = 2048;
/** Spans that are sent at once. */
const BATCH = 512;
/** Milliseconds between two attempts while the collector takes nothing. */
const MAX_DELAY_MS = 60_000;
/** Milliseconds for the last spans of a worker that stops. */
const FLUSH_MS = 5000;
const TOO_MANY_REQUESTS = 429;
const BAD_GATEWAY = 502;
const UNAVAILABLE = 503;
const GATEWAY_TIMEOUT = 504;
/** Statuses after which OTLP lets a sender try again. */
const RETRYABLE: readonly number[] = [TOO_MANY_REQUESTS, BAD_GATEWAY, UNAVAILABLE, GATEWAY_TIMEOUT];

/** A collector did not take spans now, but may later. */
class NotTaken extends Error {}

/**
 * Sends spans to a collector, by OTLP over HTTP in JSON. It never holds up a request: what a slow collector leaves waits in
 * a queue with a limit, and further spans are dropped and counted.
 */
export class SpanExporter {
  readonly #settings: TracingSettings;
  readonly #log: Log;
  #waiting: Span[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #delayMs: number;
  #hasFailed = false;
  #exported = 0;
  #dropped = 0;
  readonly #stop = new AbortController();

  constructor(settings: TracingSettings, log: Log) {
    this.#settings = settings;
    this.#log = log;
    this.#delayMs = settings.delayMs;
  }

  /** Spans since the start. */
  get counts(): SpanCounts {
    return { exported: this.#exported, dropped: this.#dropped };
  }

  add(spans: readonly Span[]): void {
    if (this.#stop.signal.aborted || this.#waiting.length + spans.length > QUEUE_LIMIT) {
      this.#dropped += spans.length;
      return;
    }
    this.#waiting.push(...spans);
    if (this.#waiting.length >= BATCH && !this.#hasFailed) void this.#send();
    else this.#schedule();
  }

  /**
   * Sends what waits, in a few seconds at most, and then nothing more.
   *
   * @param hurry ends it at once.
   */
  async close(hurry: AbortSignal): Promise<void> {
    clearTimeout(this.#timer);
    await withTimeLimit(FLUSH_MS, hurry, async (limited) => {
      const ended = new Promise<void>((resolve) => {
        if (limited.aborted) resolve();
        limited.addEventListener("abort", () => resolve(), { once: true });
      });
      await Promise.race([this.#sendAll(), ended]);
    });
    this.#stop.abort();
    clearTimeout(this.#timer);
    this.#dropped += this.#waiting.length;
    this.#waiting = [];
  }

  async #sendAll(): Promise<void> {
    await this.#sending;
    while (this.#waiting.length > 0) {
      await this.#send();
      if (this.#hasFailed) return;
    }
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#sending !== undefined || this.#waiting.length === 0) return;
    this.#timer = setTimeout(() => void this.#send(), this.#delayMs);
    this.#timer.unref();
  }

  #send(): Promise<void> {
    this.#sending ??= this.#sendBatch().finally(() => {
      this.#sending = undefined;
      if (!this.#stop.signal.aborted) this.#schedule();
    });
    return this.#sending;
  }

  async #sendBatch(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#waiting.splice(0, BATCH);
    if (batch.length === 0) return;
    try {
      await withTimeLimit(this.#settings.timeoutMs, this.#stop.signal, (signal) => this.#post(batch, signal));
      this.#exported += batch.length;
      this.#delayMs = this.#settings.delayMs;
      if (this.#hasFailed)
        this.#log.info({ url: this.#settings.url }, "the trace collector takes spans again");
      this.#hasFailed = false;
    } catch (error) {
      this.#onFailed(batch, error);
    }
  }

  #onFailed(batch: readonly Span[], error: unknown): void {
    const keeps = error instanceof NotTaken && this.#waiting.length + batch.length <= QUEUE_LIMIT;
    if (keeps) this.#waiting.unshift(...batch);
    else this.#dropped += batch.length;
    this.#delayMs = Math.min(MAX_DELAY_MS, Math.max(1000, this.#delayMs) * 2);
    if (this.#hasFailed || this.#stop.signal.aborted) return;
    this.#hasFailed = true;
    const { url } = this.#settings;
    const reason = error instanceof Error ? error.message : String(error);
    this.#log.warn(
      { url, reason },
      "the trace collector takes no spans: they are dropped when too many wait",
    );
  }

  /** @throws NotTaken if it may be sent again. */
  async #post(batch: readonly Span[], signal: AbortSignal): Promise<void> {
    const { url, headers, resource } = this.#settings;
    const body = otlpJson(batch, resource, { name: "tsworker", version: VERSION });
    let response: Response;
    try {
      response = await fetch(url, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body,
        // It would have the headers, which are secrets, go elsewhere.
        redirect: "manual",
        signal,
      });
      await response.body?.cancel();
    } catch (cause) {
      throw new NotTaken(reasonOf(cause), { cause });
    }
    if (response.ok) return;
    const message = `it answered ${response.status}, expected 2xx`;
    throw RETRYABLE.includes(response.status) ? new NotTaken(message) : new Error(message);
  }
}

/** `fetch` says why only in the cause. */
function reasonOf(error: unknown): string {
  const { cause } = error instanceof Error ? error : { cause: undefined };
  const innermost = cause instanceof Error ? cause : error;
  return innermost instanceof Error ? innermost.message : String(innermost);
}
