import type { CheckedApiKey } from "../config/access-config.js";
import { type Bucket, TokenBucket } from "./token-bucket.js";

/** Why a key's request is refused now. */
export type KeyRefusal =
  | { readonly limit: "concurrency"; readonly most: number }
  | {
      readonly limit: "requests" | "workload";
      /** Per minute. */
      readonly most: number;
      /** What this request needs. */
      readonly needed: number;
      /** Seconds until there is enough; undefined: there never will be. */
      readonly retryAfter: number | undefined;
    };

/** A client's key and what its requests use. */
export class ApiKey {
  /** Requests that were admitted and have not ended. */
  #running = 0;
  #config: CheckedApiKey;
  #requests: Bucket;
  #workload: Bucket;

  constructor(config: CheckedApiKey) {
    this.#config = config;
    this.#requests = bucketOf(config.requestsPerMinute);
    this.#workload = bucketOf(config.workloadPerMinute);
  }

  get name(): string {
    return this.#config.name;
  }

  /** Share of the workload in a fair queue. */
  get weight(): number {
    return this.#config.weight;
  }

  /** Highest priority of its requests. */
  get maxPriority(): number {
    return this.#config.maxPriority;
  }

  /** Takes other limits. A limit that stays the same goes on with what was used of it. */
  change(config: CheckedApiKey): void {
    const { requestsPerMinute, workloadPerMinute } = this.#config;
    if (config.requestsPerMinute !== requestsPerMinute) this.#requests = bucketOf(config.requestsPerMinute);
    if (config.workloadPerMinute !== workloadPerMinute) this.#workload = bucketOf(config.workloadPerMinute);
    this.#config = config;
  }

  /** Why a request may not be admitted. @param now milliseconds, monotonic. */
  refusal(workload: number, now: number): KeyRefusal | undefined {
    const { concurrency } = this.#config;
    if (concurrency !== undefined && this.#running >= concurrency)
      return { limit: "concurrency", most: concurrency };
    return (
      refusalOf("requests", this.#requests, 1, now) ?? refusalOf("workload", this.#workload, workload, now)
    );
  }

  /** A request was admitted; {@link ended} follows once. */
  admitted(workload: number, now: number): void {
    this.#running++;
    this.#requests?.take(1, now);
    this.#workload?.take(workload, now);
  }

  ended(): void {
    this.#running--;
  }

  /** What is left of its limits, as headers of OpenAI's API: names and values in turn. Tokens are units of workload. */
  limitHeaders(now: number): readonly string[] {
    return [...headersOf("requests", this.#requests, now), ...headersOf("tokens", this.#workload, now)];
  }
}

const bucketOf = (perMinute: number | undefined): Bucket =>
  perMinute === undefined ? undefined : new TokenBucket(perMinute);

function refusalOf(
  limit: "requests" | "workload",
  bucket: Bucket,
  needed: number,
  now: number,
): KeyRefusal | undefined {
  if (bucket === undefined || bucket.has(needed, now)) return undefined;
  const { perMinute: most } = bucket;
  const retryAfter = needed > most ? undefined : Math.max(1, Math.ceil(bucket.secondsUntil(needed, now)));
  return { limit, most, needed, retryAfter };
}

function headersOf(unit: string, bucket: Bucket, now: number): readonly string[] {
  if (bucket === undefined) return [];
  const seconds = Math.round(bucket.secondsUntil(bucket.perMinute, now) * 1000) / 1000;
  return [
    `x-ratelimit-limit-${unit}`,
    String(bucket.perMinute),
    `x-ratelimit-remaining-${unit}`,
    String(Math.floor(bucket.left(now))),
    `x-ratelimit-reset-${unit}`,
    `${seconds}s`,
  ];
}
