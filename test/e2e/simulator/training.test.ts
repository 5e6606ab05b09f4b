import { expect, onTestFinished, test } from "vitest";
import { ModelSimulator } from "../../../src/simulator/model-simulator.js";
import { TrainingModel } from "../../../src/simulator/training/training-model.js";
import { eventually } from "../../support/eventually.js";

/** A training server with data of 10 batches, that has loaded. */
async function startedServer() {
  const lines: string[] = [];
  const model = new TrainingModel({ batchesPerSecond: 500, batchesPerEpoch: 10 });
  const server = new ModelSimulator(model, { loadSeconds: 0, onLogLine: (line) => lines.push(line) });
  onTestFinished(() => server.stop());
  const url = await server.start();
  await eventually(() => expect(server.state).toBe("ready"));
  const ask = async (route: string, body: object) => {
    const response = await fetch(`${url}${route}`, { method: "POST", body: JSON.stringify(body) });
    return { status: response.status, body: (await response.json()) as unknown };
  };
  return { server, ask, lines };
}

test("a training server that was given no task is idle", async () => {
  const { ask } = await startedServer();
  const idle = { status: 200, body: { ok: true, task_id: null, status: "idle" } };
  expect(await ask("/status", {})).toEqual(idle);
  expect(await ask("/cancel_task", { session_id: "unknown" })).toEqual(idle);
});

test("its log shows loading, and then each task, batch and epoch", async () => {
  const { server, ask, lines } = await startedServer();
  await ask("/start_task", { epochs: 2, max_train_batches_per_epoch: 500, session_id: "mine" });
  await eventually(() => expect(lines.at(-1)).toMatch(/^Task task-1 completed: loss \d\.\d{4}$/));
  expect(lines.indexOf("Model Server Running")).toBe(4);
  expect(lines).toContain("Task task-1 started: 2 epochs of 10 batches, session mine");
  expect(lines.join("\n")).toMatch(
    /\nEpoch 2\/2 {2}batch 10\/10 {2}loss \S+\nEpoch 2\/2 {2}mean loss \S+ {2}\S+ s\n/,
  );
  expect(server.stats.produced).toBe(20);
  expect(await ask("/status", { task_id: "task-1" })).toMatchObject({
    body: { status: "completed", epoch: 2 },
  });
});

test("it refuses invalid bodies and unknown tasks", async () => {
  const { ask } = await startedServer();
  expect(await ask("/start_task", { epochs: 0 })).toMatchObject({
    status: 422,
    body: { ok: false, error: expect.stringContaining("epochs: ") },
  });
  expect(await ask("/status", { task_id: "task-9" })).toMatchObject({
    status: 404,
    body: { error: expect.stringContaining("there is no task-9") },
  });
});

test("a task ends with its server, silently after the crash", async () => {
  const { server, ask, lines } = await startedServer();
  await ask("/start_task", { epochs: 100_000 });
  await eventually(() => expect(server.stats.produced).toBeGreaterThan(0));
  server.crash();
  const { produced } = server.stats;
  server.restart();
  await eventually(() => expect(server.state).toBe("ready"));
  expect(await ask("/status", {})).toMatchObject({ body: { status: "idle" } });
  expect(server.stats.produced).toBe(produced);
  expect(lines).toContain("Traceback (most recent call last):");
});
