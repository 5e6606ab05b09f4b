import { describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { post, startedEngine } from "../../support/started-engine.js";
import { workerStatus } from "../../support/worker-status.js";

const aStatus = workerStatus({ new_load: 10 });

describe("during a simulated outage, the engine", () => {
  test("answers with a status", async () => {
    const engine = await startedEngine();
    await engine.outage({ kind: "status", status: 503 });
    expect((await post(engine, "/worker_status/", aStatus)).status).toBe(503);
    expect((await fetch(`${engine.url}/pubkey/`)).status).toBe(503);
  });

  test("hangs until it stops, when that is the outage", async () => {
    const engine = await startedEngine();
    await engine.outage({ kind: "hang" });
    let isOver = false;
    const hanging = post(engine, "/worker_status/", aStatus).catch(() => "broken off");
    hanging.finally(() => {
      isOver = true;
    });
    await eventually(() => expect(engine.refused).toBe(1));
    await engine.recover();
    expect((await post(engine, "/worker_status/", aStatus)).status).toBe(200);
    expect(isOver).toBe(false);
    await engine.stop();
    expect(await hanging).toBe("broken off");
  });

  test("drops connections", async () => {
    const engine = await startedEngine();
    await engine.outage({ kind: "drop" });
    await expect(post(engine, "/worker_status/", aStatus)).rejects.toThrow("fetch failed");
    expect(engine.refused).toBe(1);
  });

  test("does not listen, and comes back on the same port with its whole state", async () => {
    const engine = await startedEngine();
    const { url } = engine;
    await post(engine, "/worker_status/", aStatus);
    await engine.outage({ kind: "refuse" });
    await expect(post(engine, "/worker_status/", aStatus)).rejects.toMatchObject({
      cause: { code: "ECONNREFUSED" },
    });
    await engine.recover();
    expect(engine.url).toBe(url);
    expect((await post(engine, "/worker_status/", aStatus)).status).toBe(200);
    expect(engine.reports).toHaveLength(2);
  });

  test("keeps other paths working when it is limited to some", async () => {
    const engine = await startedEngine();
    await engine.outage({ kind: "status", status: 500, paths: ["/worker_status/"] });
    expect((await post(engine, "/worker_status/", aStatus)).status).toBe(500);
    expect((await post(engine, "/delete_requests/", { worker_id: 1, mtoken: "", requests: [] })).status).toBe(
      200,
    );
  });

  test("records nothing that it does not answer 2xx, and counts it", async () => {
    const engine = await startedEngine();
    await engine.outage({ kind: "status", status: 500 });
    await post(engine, "/worker_status/", aStatus);
    await engine.outage({ kind: "drop" });
    await post(engine, "/worker_status/", aStatus).catch(() => {});
    expect(engine).toMatchObject({
      refused: 2,
      reports: [],
      workers: [],
      totals: { reports: 0, newLoad: 0 },
    });
    await engine.recover();
    await post(engine, "/worker_status/", aStatus);
    expect(engine).toMatchObject({ refused: 2, totals: { reports: 1, newLoad: 10 } });
  });
});

test("an outage with a status that means success is refused", async () => {
  const engine = await startedEngine();
  await expect(engine.outage({ kind: "status", status: 204 })).rejects.toThrow(RangeError);
});

test("the end of an outage does not wake an engine that was stopped", async () => {
  const engine = await startedEngine();
  await engine.outage({ kind: "refuse" });
  await engine.stop();
  await engine.recover();
  await expect(fetch(`${engine.url}/pubkey/`)).rejects.toThrow("fetch failed");
});
