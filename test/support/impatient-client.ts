import { setTimeout as pause } from "node:timers/promises";
import type { Engine } from "../../src/engine/index.js";
import type { AuthData } from "../../src/shared/wire.js";
import { ask } from "./started-engine.js";

export interface Served {
  readonly status: number;
  readonly body: string;
  /** The worker that served it. */
  readonly url: string;
  /** Each worker that it was sent to, in this order; the last one served it. */
  readonly tried: readonly string[];
  /** Calls of `/route/`. */
  readonly calls: number;
  /** Milliseconds until it was served. */
  readonly ms: number;
}

interface ImpatientRequest {
  readonly payload?: Readonly<Record<string, unknown>>;
  /** Milliseconds for the answer of a worker. @default none */
  readonly tryMs?: number;
}

/**
 * A client of the wire that requests a route again without a pause when it cannot reach a worker, as Vast's Python client does, and
 * soon when it is refused or no worker is ready.
 */
export async function impatient(
  engine: Engine,
  { payload = { cost: 1 }, tryMs }: ImpatientRequest = {},
): Promise<Served> {
  const start = performance.now();
  const tried: string[] = [];
  let request_idx = 0;
  for (let calls = 1; ; calls += 1) {
    const asking = { endpoint: "endpoint", api_key: "key", cost: 1, request_idx };
    const auth_data = await ask<AuthData | (Partial<AuthData> & { url?: undefined })>(
      engine,
      "/route/",
      asking,
    );
    request_idx = auth_data.request_idx ?? 0;
    if (auth_data.url === undefined) {
      await pause(20);
      continue;
    }
    const { url } = auth_data;
    tried.push(url);
    try {
      const response = await fetch(`${url}/work`, {
        method: "POST",
        headers: { connection: "close", "content-type": "application/json" },
        body: JSON.stringify({ auth_data, payload }),
        ...(tryMs !== undefined && { signal: AbortSignal.timeout(tryMs) }),
      });
      const { status } = response;
      const body = await response.text();
      if (status < 500 && status !== 429)
        return { status, body, url, tried, calls, ms: performance.now() - start };
      await pause(20);
    } catch {
      // It tries again at once.
    }
  }
}
