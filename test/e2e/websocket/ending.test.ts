import { describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { HttpStand } from "../../support/http-stand.js";
import { pair, send } from "../../support/socket-pair.js";

const handlers = [{ route: "/ws", websocket: true, maxQueueTime: null }];

/** The process ends by itself: no WebSocket holds it up. */
const hasExited = ({ worker }: HttpStand) => eventually(() => worker.child.exitCode !== null);

describe("a worker that stops", () => {
  test("ends what is not done in time: 4503 for the client, 1001 for the model", async () => {
    const stand = await HttpStand.start({ handlers, config: { drainTimeout: 1 } });
    const running = await pair(stand, "/ws");
    const waiting = await send(stand, "/ws");
    await stand.roundTrip();
    running.end.socket.send("begun");
    await running.client.hears(1);
    stand.worker.child.kill("SIGTERM");
    const reason = "the worker stopped before the request was done";
    expect(await running.client.isClosed()).toEqual({ code: 4503, reason });
    expect(await waiting.client.isClosed()).toEqual({ code: 4503, reason });
    expect(await running.end.isClosed()).toEqual({ code: 1001, reason: "" });
    expect([running.client.messages, waiting.client.messages]).toEqual([
      ["begun"],
      [JSON.stringify({ error: reason })],
    ]);
    await Promise.all([stand.isTold(running.sent, "Error"), stand.isTold(waiting.sent, "Error")]);
    await hasExited(stand);
    await stand.stop();
  });

  test("takes no more: 4503, and lets what is under way finish", async () => {
    const stand = await HttpStand.start({ handlers });
    const running = await pair(stand, "/ws");
    stand.worker.child.kill("SIGTERM");
    await stand.worker.reaches("draining");
    const late = await send(stand, "/ws");
    expect(await late.client.isClosed()).toMatchObject({ code: 4503 });
    await stand.isTold(late.sent, "Rejected");
    running.client.send("still");
    expect(await running.end.hears(1)).toEqual(["still"]);
    running.end.socket.close(1000);
    expect(await running.client.isClosed()).toMatchObject({ code: 1000 });
    await stand.isTold(running.sent, "Success");
    await hasExited(stand);
    await stand.stop();
  });
});

test("a worker that is not ready refuses with 4503", async () => {
  const stand = await HttpStand.start({ handlers });
  await stand.modelFails();
  const { client, sent } = await send(stand, "/ws");
  expect(await client.isClosed()).toEqual({ code: 4503, reason: "the worker is errored" });
  await stand.isTold(sent, "Rejected");
  await stand.stop();
});

test("a session that is closed takes its WebSockets with it: 4410, and 1001 for the model", async () => {
  const stand = await HttpStand.start({ handlers });
  const owner = stand.envelope({ lifetime: 60 });
  const created = await stand.ask("/session/create", { body: owner });
  expect(created.status).toBe(201);
  const { session_id } = created.json() as { readonly session_id: string };
  const { client, end } = await pair(stand, "/ws", { auth_data: owner.auth_data, session_id });
  client.send("in the session");
  expect(await end.hears(1)).toEqual(["in the session"]);
  const ended = await stand.ask("/session/end", {
    body: { session_id, session_auth: owner.auth_data },
  });
  expect(ended.status).toBe(200);
  expect(await client.isClosed()).toEqual({ code: 4410, reason: "invalid session" });
  expect(await end.isClosed()).toEqual({ code: 1001, reason: "" });
  await eventually(() => expect(stand.engine.reports.at(-1)).toMatchObject({ cur_load: 0 }));
  await stand.stop();
});
