import { expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { HttpStand } from "../../support/http-stand.js";
import { silent } from "../../support/raw-model.js";
import { SessionClient } from "../../support/session-client.js";

test("a drain lets requests inside sessions finish, refuses new ones, then closes the sessions and tells of them", async () => {
  const stand = await HttpStand.start({ handlers: [{ route: "/held", allowParallelRequests: true }] });
  stand.model.on("/held", silent);
  const sessions = await Promise.all(
    ["/closed-1", "/closed-2"].map((on_close_route) => SessionClient.open(stand, { on_close_route })),
  );
  const [session] = sessions as [SessionClient, SessionClient];
  const held = session.request("/held");
  await eventually(() => expect(stand.model.last.path).toBe("/held"));
  const { socket } = stand.model.last;
  stand.worker.child.kill("SIGTERM");
  await stand.worker.reaches("draining");

  expect(await session.request("/held")).toMatchObject({ status: 503 });
  expect(await stand.ask("/session/create", { body: stand.envelope() })).toMatchObject({ status: 503 });
  expect((await session.ask("health")).json()).toEqual({ ok: true });
  expect(stand.model.bodiesAt("/closed-1")).toEqual([]);

  socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
  expect(await held).toMatchObject({ status: 200 });
  for (const [index, { id, auth }] of sessions.entries()) {
    await eventually(() =>
      expect(stand.model.bodiesAt(`/closed-${index + 1}`)).toEqual([{ session_id: id }]),
    );
    await stand.isTold({ auth_data: auth, payload: {} }, "Success");
  }
  // A signal more, when it has nearly ended, would be no drain.
  await eventually(() => stand.worker.child.exitCode !== null);
  await stand.stop();
});

test("a session whose on_close_route hangs does not hold up the end of the worker for long", async () => {
  const stand = await HttpStand.start();
  stand.model.on("/hangs", silent);
  const { auth } = await SessionClient.open(stand, { on_close_route: "/hangs" });
  const begun = Date.now();
  await stand.stop();
  // The call has 10 s; without a limit it would never end.
  expect(Date.now() - begun).toBeLessThan(60_000);
  await stand.isTold({ auth_data: auth, payload: {} }, "Success");
});
