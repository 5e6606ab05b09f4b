import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { complete, inState, processEngine, SLOW, temporaryFolder } from "../../support/process-engine.js";
import { post } from "../../support/started-engine.js";
import { workerOrder } from "../../support/worker-order.js";
import { workerStatus } from "../../support/worker-status.js";

const KEPT = { cold_workers: 1, min_load: 1 };

test("a worker that reports an error is rebooted, and serves again", async () => {
  const { engine, states } = await processEngine({ scaling: KEPT });
  await eventually(() => expect(inState(engine, "idle")).toHaveLength(1), SLOW);
  await post(
    engine,
    "/worker_status/",
    workerStatus({ id: 1, error_msg: "CUDA error", url: "http://127.0.0.1:9" }),
  );
  await eventually(() => expect(states).toContain("1 rebooting"), SLOW);
  await eventually(() => expect(inState(engine, "idle")).toHaveLength(1), SLOW);
  expect(states.join()).toContain("1 error,1 rebooting,1 starting");
  await complete(engine);
});

test("of two workers one is killed under load, and every request is answered", async () => {
  const { engine, states } = await processEngine({
    scaling: { max_workers: 2, cold_workers: 2, min_load: 1_000_000 },
  });
  await eventually(() => expect(inState(engine, "idle")).toHaveLength(2), SLOW);
  const pid = Number(engine.workers.find(({ id }) => id === 1)?.memo?.pid);
  const answers = Promise.all(Array.from({ length: 30 }, () => complete(engine, 200)));
  await eventually(() => expect(engine.workers.every(({ load }) => load > 0)).toBe(true));
  process.kill(pid, "SIGKILL");
  const requests = await answers;
  expect(new Set(requests.map(({ requestIdx }) => requestIdx)).size).toBe(30);
  expect(engine.totals.requested).toBe(30);
  expect(states).toContain("1 error");
  await eventually(() => expect(inState(engine, "idle")).toHaveLength(2), SLOW);
});

test("a worker that falls silent is taken out, and another takes its place", async () => {
  const { engine, states } = await processEngine({ scaling: KEPT, silentAfter: 12 });
  await eventually(() => expect(inState(engine, "idle")).toHaveLength(1), SLOW);
  process.kill(Number(engine.workers[0]?.memo?.pid), "SIGSTOP");
  await eventually(() => expect(states).toContain("1 destroying"), SLOW);
  expect(engine.workers[0]?.failure).toBe("no report for 12 s");
  await eventually(() => expect(states).toContain("2 idle"), SLOW);
  await complete(engine);
});

test("a command that fails is tried a few times, and then a notice has the reason why it pauses", async () => {
  const { notices, states } = await processEngine({
    command: "echo 'Error: no GPU here' >&2; exit 3",
    scaling: KEPT,
  });
  await eventually(() => expect(notices).toHaveLength(1), SLOW);
  expect(notices[0]).toMatch(
    /5 workers failed in a row, the last one because: its process exited with 3.*Error: no GPU here/,
  );
  expect(states.filter((state) => state.endsWith(" error")).length).toBeLessThanOrEqual(6);
});

test("a program that does not exist is named", async () => {
  const { engine } = await processEngine({ command: ["no-such-program"], scaling: KEPT });
  await eventually(() => {
    const failures = engine.workers.map(({ failure }) => failure);
    expect(failures).toContain("cannot start a worker with no-such-program: spawn no-such-program ENOENT");
  }, SLOW);
});

test("a worker that never reports counts as failed", async () => {
  const { states } = await processEngine({ command: ["sleep", "100"], scaling: KEPT, startTimeout: 1 });
  await eventually(() => expect(states.join()).toContain("1 created,1 error,1 rebooting"), SLOW);
});

test("one that does not end by SIGTERM is killed when its grace is over", async () => {
  const folder = await temporaryFolder();
  const { ProcessProvider } = await import("../../../src/engine/index.js");
  const provider = new ProcessProvider({
    command: `trap '' TERM; echo $$ > ${join(folder, "pid")}; while :; do sleep 0.1; done`,
    folder,
    graceSeconds: 0.5,
  });
  const order = workerOrder();
  const { signal } = new AbortController();
  const memo = await provider.create(order, signal);
  const pid = await eventually(async () => Number(await readFile(join(folder, "pid"), "utf8")) || false);
  await provider.stop({ ...order, memo }, signal);
  await eventually(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH"));
});
