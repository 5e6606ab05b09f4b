import { describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { pair, send } from "../../../support/socket-pair.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

const handlers = [{ route: "/ws", websocket: true, maxQueueTime: null }];

/** The process ends by itself: no WebSocket holds it up. */
const hasExited = ({ worker }: WorkerFixture) => eventually(() => worker.child.exitCode !== null);

describe("a worker that stops", () => {
  test("ends what is not done in time: 4503 for the client, 1001 for the model", async () => {
    const fixture = await WorkerFixture.start({ handlers, config: { drainTimeout: 1 } });
    const running = await pair(fixture, "/ws");
    const waiting = await send(fixture, "/ws");
    await fixture.roundTrip();
    running.end.socket.send("begun");
    await running.client.receives(1);
    fixture.worker.child.kill("SIGTERM");
    const reason = "the worker stopped before the request was done";
    expect(await running.client.isClosed()).toEqual({ code: 4503, reason });
    expect(await waiting.client.isClosed()).toEqual({ code: 4503, reason });
    expect(await running.end.isClosed()).toEqual({ code: 1001, reason: "" });
    expect([running.client.messages, waiting.client.messages]).toEqual([
      ["begun"],
      [JSON.stringify({ error: reason })],
    ]);
    await Promise.all([
      fixture.expectReported(running.sent, "Error"),
      fixture.expectReported(waiting.sent, "Error"),
    ]);
    await hasExited(fixture);
    await fixture.stop();
  });

  test("accepts no more: 4503, and lets those in flight finish", async () => {
    const fixture = await WorkerFixture.start({ handlers });
    const running = await pair(fixture, "/ws");
    fixture.worker.child.kill("SIGTERM");
    await fixture.worker.reaches("draining");
    const late = await send(fixture, "/ws");
    expect(await late.client.isClosed()).toMatchObject({ code: 4503 });
    await fixture.expectReported(late.sent, "Rejected");
    running.client.send("still");
    expect(await running.end.receives(1)).toEqual(["still"]);
    running.end.socket.close(1000);
    expect(await running.client.isClosed()).toMatchObject({ code: 1000 });
    await fixture.expectReported(running.sent, "Success");
    await hasExited(fixture);
    await fixture.stop();
  });
});

test("a worker that is not ready refuses with 4503", async () => {
  const fixture = await WorkerFixture.start({ handlers });
  await fixture.modelFails();
  const { client, sent } = await send(fixture, "/ws");
  expect(await client.isClosed()).toEqual({ code: 4503, reason: "the worker is errored" });
  await fixture.expectReported(sent, "Rejected");
  await fixture.stop();
});

test("a session that is closed takes its WebSockets with it: 4410, and 1001 for the model", async () => {
  const fixture = await WorkerFixture.start({ handlers });
  const owner = fixture.envelope({ lifetime: 60 });
  const created = await fixture.ask("/session/create", { body: owner });
  expect(created.status).toBe(201);
  const { session_id } = created.json() as { readonly session_id: string };
  const { client, end } = await pair(fixture, "/ws", { auth_data: owner.auth_data, session_id });
  client.send("in the session");
  expect(await end.receives(1)).toEqual(["in the session"]);
  const ended = await fixture.ask("/session/end", {
    body: { session_id, session_auth: owner.auth_data },
  });
  expect(ended.status).toBe(200);
  expect(await client.isClosed()).toEqual({ code: 4410, reason: "invalid session" });
  expect(await end.isClosed()).toEqual({ code: 1001, reason: "" });
  await eventually(() => expect(fixture.engine.reports.at(-1)).toMatchObject({ cur_load: 0 }));
  await fixture.stop();
});
