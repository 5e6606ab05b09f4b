import { describe, expect, test } from "vitest";
import { readyWorker } from "./support/started-worker.js";

describe("a ready worker", () => {
  test("stays ready when its health URL contradicts a line of the log, and counts the line", async () => {
    const { worker, edge, probeHealth, state, reported, log, pass } = await readyWorker({ hasHealth: true });
    await log("log.failed", "Traceback");
    await probeHealth.succeed();
    expect(worker.getSnapshot().context.dismissals).toBe(0);
    await pass(4000);
    await probeHealth.succeed();
    expect(state()).toBe("ready");
    expect(reported()?.errorMsg).toBe("");
    expect(edge.traffic.map(({ type }) => type)).toEqual(["traffic.opened"]);
    expect(worker.getSnapshot().context).toMatchObject({ dismissals: 1, dismissed: "Traceback" });
  });

  test("is errored with the line when its health URL confirms it", async () => {
    const { probeHealth, state, reported, log } = await readyWorker({ hasHealth: true });
    await log("log.failed", "  CUDA out of memory ");
    await probeHealth.fail();
    expect(state()).toBe("errored");
    expect(reported()?.errorMsg).toBe("CUDA out of memory");
  });

  test("without a health URL is errored by a line, and led back by a request that succeeds", async () => {
    const { awaitSuccess, state, reported, log } = await readyWorker({ hasServer: true });
    await log("log.failed", "Traceback");
    expect(state()).toBe("errored");
    expect(reported()?.errorMsg).toBe("Traceback");
    await awaitSuccess.succeed();
    expect(state()).toBe("ready");
    expect(reported()?.errorMsg).toBe("");
  });

  test("without a health URL is errored when nothing listens any more, and led back when something does", async () => {
    const { probeHealth, state, reported, lose, pass } = await readyWorker({ hasServer: true });
    await lose();
    await probeHealth.fail("the model accepts no connections");
    expect(state()).toBe("errored");
    expect(reported()?.errorMsg).toBe("the model accepts no connections");
    for (let times = 0; times < 20; times++) {
      await pass(1000);
      await probeHealth.fail();
      expect(state()).toBe("errored");
    }
    await pass(1000);
    await probeHealth.succeed();
    expect(state()).toBe("ready");
  });

  test("continues to be watched by the model actor that replaces a dead one", async () => {
    const { lookAround, awaitSuccess, probeHealth, state, kill, lose, pass } = await readyWorker({
      hasServer: true,
    });
    await kill("model");
    await pass(60_000);
    // Nothing is waited for.
    expect([lookAround.count, awaitSuccess.all.filter(({ signal }) => !signal.aborted).length]).toEqual([
      0, 0,
    ]);
    await lose();
    await probeHealth.fail();
    expect(state()).toBe("errored");
  });
});
