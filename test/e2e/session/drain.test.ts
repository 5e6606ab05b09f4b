import { expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { silent } from "../../support/raw-model.js";
import { SessionClient } from "../../support/session-client.js";
import { WorkerFixture } from "../../support/worker-fixture.js";

test("a drain lets requests inside sessions finish, refuses new ones, then closes the sessions and reports them", async () => {
  const fixture = await WorkerFixture.start({ handlers: [{ route: "/held", allowParallelRequests: true }] });
  fixture.model.on("/held", silent);
  const sessions = await Promise.all(
    ["/closed-1", "/closed-2"].map((on_close_route) => SessionClient.open(fixture, { on_close_route })),
  );
  const [session] = sessions as [SessionClient, SessionClient];
  const held = session.request("/held");
  await eventually(() => expect(fixture.model.last.path).toBe("/held"));
  const { socket } = fixture.model.last;
  fixture.worker.child.kill("SIGTERM");
  await fixture.worker.reaches("draining");

  expect(await session.request("/held")).toMatchObject({ status: 503 });
  expect(await fixture.ask("/session/create", { body: fixture.envelope() })).toMatchObject({ status: 503 });
  expect((await session.ask("health")).json()).toEqual({ ok: true });
  expect(fixture.model.bodiesAt("/closed-1")).toEqual([]);

  socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
  expect(await held).toMatchObject({ status: 200 });
  for (const [index, { id, auth }] of sessions.entries()) {
    await eventually(() =>
      expect(fixture.model.bodiesAt(`/closed-${index + 1}`)).toEqual([{ session_id: id }]),
    );
    await fixture.expectReported({ auth_data: auth, payload: {} }, "Success");
  }
  // A signal more, when it has nearly ended, would be no drain.
  await eventually(() => fixture.worker.child.exitCode !== null);
  await fixture.stop();
});

test("a session whose on_close_route hangs does not hold up the end of the worker for long", async () => {
  const fixture = await WorkerFixture.start();
  fixture.model.on("/hangs", silent);
  const { auth } = await SessionClient.open(fixture, { on_close_route: "/hangs" });
  const begun = Date.now();
  await fixture.stop();
  // The call has 10 s; without a limit it would never end.
  expect(Date.now() - begun).toBeLessThan(60_000);
  await fixture.expectReported({ auth_data: auth, payload: {} }, "Success");
});
