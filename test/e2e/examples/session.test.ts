import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Session } from "../../../src/client/index.js";
import { eventually } from "../../support/eventually.js";
import { ExampleFixture } from "../../support/example-fixture.js";

interface Task {
  readonly task_id: string | null;
  readonly status: string;
  readonly loss?: number | null;
}

const ENDLESS = { epochs: 1000, max_train_batches_per_epoch: 100 };

async function ask(
  session: Session,
  route: string,
  payload: Readonly<Record<string, unknown>>,
): Promise<Task> {
  const answer = await session.request(route, payload);
  await answer.expectOk();
  return answer.json<Task>();
}

/** A session, and how to start a task in it; what it trains ends with the test. */
async function opened(fixture: ExampleFixture) {
  const { endpoint } = fixture;
  onTestFinished(async () => {
    await fetch(`${fixture.modelUrl}/cancel_task`, { method: "POST", body: "{}" });
  });
  const session = await endpoint.session({ cost: 100, onCloseRoute: "/cancel_task" });
  const start = (terms: Readonly<Record<string, unknown>>) =>
    session.request("/start_task", { session_id: session.id, ...terms }, { retry: false });
  return { endpoint, session, start };
}

describe("examples/session", () => {
  let fixture: ExampleFixture;
  beforeAll(async () => {
    fixture = await ExampleFixture.ready("session");
  });
  afterAll(() => fixture?.stop());

  test("trains a task to its end, with a loss that falls", async () => {
    const { session, start } = await opened(fixture);
    const { task_id } = await (await start({ epochs: 3, max_train_batches_per_epoch: 40 })).json<Task>();
    const losses: number[] = [];
    await eventually(async () => {
      const { status, loss } = await ask(session, "/status", { task_id });
      if (loss != null) losses.push(loss);
      expect(status).toBe("completed");
    });
    const means = [...fixture.modelOutput().matchAll(/Epoch \d\/3 {2}mean loss (\S+)/g)].map(([, mean]) =>
      Number(mean),
    );
    expect(means).toHaveLength(3);
    expect(means.toSorted((a, b) => b - a)).toEqual(means);
    expect(losses.at(-1)).toBeLessThan(1);
  });

  test("cancels a task, and then begins another", async () => {
    const { session, start } = await opened(fixture);
    const { task_id } = await (await start(ENDLESS)).json<Task>();
    expect(await ask(session, "/cancel_task", { task_id })).toMatchObject({ task_id, status: "cancelled" });
    expect((await start(ENDLESS)).status).toBe(200);
  });

  test("refuses a second task while one runs, and names the running one", async () => {
    const { start } = await opened(fixture);
    const { task_id } = await (await start(ENDLESS)).json<Task>();
    const second = await start(ENDLESS);
    expect(second.status).toBe(409);
    expect(await second.json()).toEqual({
      ok: false,
      error: expect.stringMatching(`^${task_id} is running \\(epoch 1/1000, batch .*or cancel it$`),
    });
  });

  test("cancels what runs in a session that is closed, and nothing else", async () => {
    const ended = fixture.endings();
    const { endpoint, session, start } = await opened(fixture);
    const { task_id } = await (await start(ENDLESS)).json<Task>();
    const other = await endpoint.session({ cost: 100, onCloseRoute: "/cancel_task" });
    await other.close();
    await eventually(() => expect(ended().Success).toBe(1));
    expect(await ask(session, "/status", { task_id })).toMatchObject({ status: "running" });
    await session.close();
    await eventually(() => expect(fixture.modelOutput()).toContain(`Task ${task_id} cancelled`));
    await eventually(() => expect(ended().Success).toBe(2));
  });

  test("cancels the task of a client that sends nothing more", async () => {
    const { endpoint } = await opened(fixture);
    const session = await endpoint.session({ lifetime: 0.5, onCloseRoute: "/cancel_task" });
    const { task_id } = await ask(session, "/start_task", { ...ENDLESS, session_id: session.id });
    await eventually(() => expect(fixture.modelOutput()).toContain(`Task ${task_id} cancelled`));
    await expect(ask(session, "/status", { task_id })).rejects.toMatchObject({
      code: "SESSION_CLOSED",
      message: expect.stringContaining("open a new one, with a longer lifetime"),
    });
  });

  test("reports all errors of a task at once", async () => {
    const { session } = await opened(fixture);
    const refused = await session.request("/start_task", { epochs: -3, max_train_batches_per_epoch: "all" });
    expect(refused.status).toBe(422);
    expect(await refused.json()).toEqual({
      payload: {
        epochs: "must be an integer from 1 on, without quotes, got -3",
        max_train_batches_per_epoch: 'must be an integer from 1 on, without quotes, got "all"',
        session_id: "must be the id of the session that the task ends with, got nothing",
      },
    });
  });

  test("is driven by its client", async () => {
    const ended = fixture.endings();
    const output = await fixture.client();
    expect(output).toMatch(/completed {2}epoch 3, batch 20 {2}loss [\d.]+\n/);
    expect(output).toMatch(/cancelled in epoch \d+\n$/);
    await eventually(() => expect(ended()).toMatchObject({ Success: 1, Error: 0 }));
    expect(fixture.modelOutput()).toMatch(/POST \/cancel_task[^\n]*200 OK/);
  });
});

describe("examples/session, when the training server fails", () => {
  test("is errored where its memory does not suffice", async () => {
    const fixture = await ExampleFixture.forTest("session", { sim: ["--fail", "out-of-memory"] });
    await fixture.reaches("errored");
    await eventually(() =>
      expect(fixture.engine.reports.at(-1)?.error_msg).toContain("Traceback (most recent call last):"),
    );
  });

  test("is errored when it crashes in the middle of a task, and ready again when it is restarted", async () => {
    // The first request is the benchmark's, the second starts the task, the third requests its progress.
    const crash = ["--fail", "crash-in-answer", "--fail-at", "3", "--restart-seconds", "1"];
    const fixture = await ExampleFixture.readyForTest("session", { sim: crash });
    const { session, start } = await opened(fixture);
    const { task_id } = await (await start(ENDLESS)).json<Task>();
    // 503 where it was asked again and does not listen for work yet.
    expect([502, 503]).toContain((await session.request("/status", { task_id }, { retry: false })).status);
    await fixture.hasReached("errored");
    await fixture.reaches("ready");
    await expect(ask(session, "/status", { task_id })).rejects.toMatchObject({
      message: expect.stringContaining(
        `there is no ${task_id}: it is forgotten when the server is started anew`,
      ),
    });
  });

  test("waits for a server that is never ready, and refuses clients with that reason", async () => {
    const fixture = await ExampleFixture.forTest("session", { sim: ["--fail", "never-ready"] });
    await fixture.reaches("loading");
    await expect(fixture.endpoint.session({ timeoutMs: 2000, retry: false })).rejects.toMatchObject({
      code: "NO_WORKER_READY",
      message: expect.stringContaining("1 loading"),
    });
    await fixture.reaches("loading");
  });

  test("does without the log line of a ready server: its health URL is enough", async () => {
    const fixture = await ExampleFixture.readyForTest("session", { sim: ["--fail", "no-ready-line"] });
    expect(fixture.modelOutput()).not.toContain("Model Server Running");
  });
});
