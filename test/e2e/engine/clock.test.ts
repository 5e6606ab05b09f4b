import { afterEach, describe, expect, test, vi } from "vitest";
import { eventually } from "../../support/eventually.js";
import { ask, post, startedEngine } from "../../support/started-engine.js";
import { workerStatus } from "../../support/worker-status.js";

const request = { endpoint: "endpoint", api_key: "key", cost: 256, request_idx: 0, replay_timeout: 60 };

afterEach(() => vi.useRealTimers());

describe.each([3600, -3600])("the machine's clock is set by %d s", (jump) => {
  const setClock = (): void => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + jump * 1000 });

  test("a worker that reported just now is routed to", async () => {
    const engine = await startedEngine();
    await post(engine, "/worker_status/", workerStatus());
    setClock();
    expect(await ask(engine, "/route/", request)).toMatchObject({ url: workerStatus().url });
    expect(engine.workers).toMatchObject([{ state: "idle" }]);
  });

  test("a worker that has been silent for too long is not", async () => {
    const engine = await startedEngine({ silentAfter: 1 });
    await post(engine, "/worker_status/", workerStatus());
    setClock();
    await eventually(() => expect(engine.workers).toMatchObject([{ state: "silent" }]));
    expect(await ask(engine, "/route/", request)).not.toHaveProperty("url");
  });

  test("reports are recorded with the time of day", async () => {
    const engine = await startedEngine();
    setClock();
    await post(engine, "/worker_status/", workerStatus());
    expect(engine.reports.at(-1)?.receivedAt).toBe(Date.now() / 1000);
    expect(engine.workers[0]?.startedAt).toBe(Date.now() / 1000);
  });
});
