import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { route } from "../../../../src/client/request/route.js";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});

afterEach(() => {
  vi.useRealTimers();
});

const WORKER = { endpoint: "llm", url: "http://worker", signature: "s", cost: 1, reqnum: 1, request_idx: 3 };
const MINUTE_MS = 60_000;

/** Calls a fake engine, without a limit of time unless there is one. */
function routed(answer: () => Response | Promise<never>, timeoutMs = Number.POSITIVE_INFINITY) {
  const bodies: unknown[] = [];
  const statuses: (string | undefined)[] = [];
  const result = route({
    endpoint: "llm",
    credentials: { apiKey: "key" },
    engineUrl: "http://engine",
    fetch: async (_, init) => {
      bodies.push(JSON.parse(String(init?.body)));
      return answer();
    },
    cost: 1,
    requestIdx: 0,
    timeoutMs,
    signal: new AbortController().signal,
    onNotReady: (status) => statuses.push(status),
  });
  result.catch(() => {});
  return { bodies, statuses, result };
}

const loading = () => Response.json({ endpoint: "llm", status: "1 loading", request_idx: 3 });

test("without a time limit a cold start may take many minutes", async () => {
  const startedAt = performance.now();
  const isReady = () => performance.now() - startedAt > 30 * MINUTE_MS;
  const { bodies, result, statuses } = routed(() => (isReady() ? Response.json(WORKER) : loading()));
  await vi.advanceTimersByTimeAsync(31 * MINUTE_MS);
  expect(await result).toMatchObject({ url: "http://worker" });
  expect(new Set(statuses)).toEqual(new Set(["1 loading"]));
  // At least every 6.25 s: the engine would otherwise forget the request.
  expect(bodies.length).toBeGreaterThan((30 * 60) / 6.25);
  expect(bodies[0]).toMatchObject({ request_idx: 0, replay_timeout: 60 });
  expect(bodies.at(-1)).toMatchObject({ request_idx: 3 });
});

test("without a time limit an engine that does not answer for a minute is an error", async () => {
  const startedAt = performance.now();
  const isUp = () => performance.now() - startedAt < 5 * MINUTE_MS;
  const { result } = routed(() => (isUp() ? loading() : Promise.reject(new TypeError("fetch failed"))));
  await vi.advanceTimersByTimeAsync(5 * MINUTE_MS + 50_000);
  let isSettled = false;
  result.catch(() => {
    isSettled = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  expect(isSettled).toBe(false);
  await vi.advanceTimersByTimeAsync(15_000);
  await expect(result).rejects.toMatchObject({ code: "ENGINE_UNREACHABLE" });
});

test("501 of the engine is permanent", async () => {
  const { bodies, result } = routed(() => Response.json({ error_msg: "not here" }, { status: 501 }));
  await expect(result).rejects.toMatchObject({ code: "ENGINE_REFUSED" });
  expect(bodies).toHaveLength(1);
});
