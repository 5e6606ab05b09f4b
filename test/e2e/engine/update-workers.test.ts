import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Engine, ProcessProvider } from "../../../src/engine/index.js";
import { eventually } from "../../support/eventually.js";
import { complete, inState, processEngine, SLOW, temporaryFolder } from "../../support/process-engine.js";
import { SIMULATED_WORKER } from "../../support/simulated-worker.js";
import { ask } from "../../support/started-engine.js";

interface Update {
  readonly success?: boolean;
  readonly workers_to_update?: number;
  readonly cancelled?: boolean;
  readonly error_msg?: string;
}

const update = (engine: Engine, more: object = {}): Promise<Update> =>
  ask<Update>(engine, "/update_workers/", { workergroup_id: 2, api_key: "key", ...more });

/** Requests one after the other until it is stopped. @returns the number that was served. */
function traffic(engine: Engine) {
  let isStopped = false;
  const run = async (): Promise<number> => {
    let served = 0;
    for (; !isStopped; served += 1) await complete(engine, 2);
    return served;
  };
  const running = [run(), run(), run()];
  return async (): Promise<number> => {
    isStopped = true;
    const served = await Promise.all(running);
    return served.reduce((sum, each) => sum + each, 0);
  };
}

test("a worker is replaced by a new one that is ready, and no request is lost", async () => {
  const { engine, states, notices } = await processEngine({
    scaling: { max_workers: 1, cold_workers: 1, min_load: 1 },
  });
  await eventually(() => expect(inState(engine, "idle")).toHaveLength(1), SLOW);
  const stop = traffic(engine);
  await eventually(() => expect(engine.totals.ended.Success).toBeGreaterThan(0), SLOW);
  expect(await update(engine)).toEqual({ success: true, workers_to_update: 1 });
  await eventually(
    () => expect(engine.workers.map(({ id, status }) => [id, status])).toEqual([[2, "idle"]]),
    SLOW,
  );
  await eventually(() => expect(notices.at(-1)).toContain("the update of workergroup 2 is complete"), SLOW);
  await complete(engine);
  expect(await stop()).toBeGreaterThan(0);
  // The old one was destroyed after the new one was ready.
  expect(states.indexOf("2 idle")).toBeLessThan(states.indexOf("1 destroying"));
  await eventually(() => expect(engine.totals.ended.Success).toBe(engine.totals.requested));
  expect(engine.totals.ended).toMatchObject({ Error: 0, Cancelled: 0 });
});

describe("a worker that cannot replace the old one", () => {
  /** An engine whose next workers fail, as with a broken command. */
  async function breakingEngine() {
    const folder = await temporaryFolder();
    const script = join(folder, "worker.sh");
    const works = `#!/bin/sh\nexec ${SIMULATED_WORKER.map((part) => `'${part}'`).join(" ")}\n`;
    await writeFile(script, works, { mode: 0o755 });
    const provider = new ProcessProvider({ command: [script], folder, graceSeconds: 10 });
    const started = await processEngine({
      provider,
      scaling: { max_workers: 1, cold_workers: 1, min_load: 1 },
    });
    await eventually(() => expect(inState(started.engine, "idle")).toHaveLength(1), SLOW);
    return { ...started, replaceCommand: (text: string) => writeFile(script, `#!/bin/sh\n${text}\n`) };
  }

  test("ends the update, and the old one continues", async () => {
    const { engine, notices, replaceCommand } = await breakingEngine();
    await replaceCommand("echo 'error: no such model' >&2; exit 3");
    await update(engine);
    await eventually(
      () =>
        expect(notices.join("\n")).toMatch(
          /the update of workergroup 2 stopped, because the new worker 2 failed: .*no such model.*Worker 1 stays/,
        ),
      SLOW,
    );
    await eventually(
      () => expect(engine.workers.map(({ id, status }) => [id, status])).toEqual([[1, "idle"]]),
      SLOW,
    );
    await complete(engine);
    expect(await update(engine, { cancel_update: true })).toMatchObject({
      error_msg: "no update is in progress",
    });
  });

  test("is destroyed when the update is cancelled", async () => {
    const { engine, replaceCommand } = await breakingEngine();
    await replaceCommand("exec sleep 600");
    expect(await update(engine)).toMatchObject({ workers_to_update: 1 });
    await eventually(() => expect(engine.workers.map(({ id }) => id)).toEqual([1, 2]), SLOW);
    expect(await update(engine, { cancel_update: true })).toEqual({ success: true, cancelled: true });
    await eventually(
      () => expect(engine.workers.map(({ id, status }) => [id, status])).toEqual([[1, "idle"]]),
      SLOW,
    );
    await complete(engine);
  });
});

test("a new worker has the settings that the group was given last", async () => {
  const folder = await temporaryFolder();
  const script = join(folder, "worker.sh");
  const program = SIMULATED_WORKER.map((part) => `'${part}'`).join(" ");
  await writeFile(script, `#!/bin/sh\necho "args: $LAUNCH_ARGS"\nexec ${program}\n`, { mode: 0o755 });
  const provider = new ProcessProvider({ command: [script], folder, graceSeconds: 10 });
  const { engine } = await processEngine({
    provider,
    scaling: { max_workers: 1, cold_workers: 1, min_load: 1 },
  });
  await eventually(() => expect(inState(engine, "idle")).toHaveLength(1), SLOW);
  const changed = await fetch(`${engine.url}/api/v0/autojobs/2/?api_key=key`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ launch_args: "--new", search_params: null }),
  });
  expect(await changed.json()).toMatchObject({ success: true, result: { launch_args: "--new" } });
  await update(engine);
  await eventually(
    () => expect(engine.workers.map(({ id, status }) => [id, status])).toEqual([[2, "idle"]]),
    SLOW,
  );
  expect(await readFile(join(folder, "2", "worker.log"), "utf8")).toContain("args: --new");
});

test.each([
  [{ workergroup_id: 9 }, "no such workergroup: 9"],
  [{ workergroup_id: null, endpoint_id: 9 }, "no such endpoint: 9"],
  [{ workergroup_id: null }, "expected workergroup_id or endpoint_id"],
  [{ workergroup_id: "2" }, "workergroup_id: Invalid input: expected number, received string"],
  [{ api_key: "wrong" }, "invalid api_key"],
  [{ cancel_update: true }, "no update is in progress"],
])("an update of %j is refused with 200, as the command line expects", async (more, error_msg) => {
  const { engine } = await processEngine();
  expect(await update(engine, more)).toEqual({ error_msg, error: error_msg });
});

test("the workers of an endpoint that is suspended are not updated", async () => {
  const { engine } = await processEngine();
  await fetch(`${engine.url}/api/v0/endptjobs/1/?api_key=key`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ endpoint_state: "suspended" }),
  });
  expect(await update(engine)).toMatchObject({
    error_msg: "endpoint endpoint is suspended: its workers are not updated",
  });
  expect(await update(engine, { workergroup_id: null, endpoint_id: 1 })).toMatchObject({
    error_msg: expect.stringContaining("suspended"),
  });
});
