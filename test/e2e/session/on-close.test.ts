import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { plain, RawModel, silent } from "../../support/raw-model.js";
import { SessionClient } from "../../support/session-client.js";
import { WorkerFixture } from "../../support/worker-fixture.js";

let fixture: WorkerFixture;
let elsewhere: RawModel;
beforeAll(async () => {
  elsewhere = await RawModel.start();
  fixture = await WorkerFixture.start({
    handlers: [{ route: "/held", allowParallelRequests: true }],
    config: { maxSessions: null, sessionCallbackHosts: ["hooks.example.com", "other.example.com:8443"] },
  });
});
afterAll(async () => {
  await fixture.stop();
  await elsewhere.stop();
});

test("a path is called on the model server, with the payload and the session's id, as JSON", async () => {
  const session = await SessionClient.open(fixture, {
    on_close_route: "/clean-up",
    on_close_payload: { job: 7, session_id: "not this one" },
  });
  await session.ask("end");
  await eventually(() =>
    expect(fixture.model.bodiesAt("/clean-up")).toEqual([{ job: 7, session_id: session.id }]),
  );
  const request = fixture.model.requests.find(({ path }) => path === "/clean-up");
  expect(request?.head).toMatch(/^POST \/clean-up HTTP/);
  expect(request?.headers.get("content-type")).toBe("application/json");
});

test("a URL on loopback is called, whatever its port", async () => {
  const session = await SessionClient.open(fixture, {
    on_close_route: `http://localhost:${elsewhere.port}/hook?a=1`,
  });
  await session.ask("end");
  await eventually(() => expect(elsewhere.bodiesAt("/hook?a=1")).toEqual([{ session_id: session.id }]));
});

test("the session's requests have ended before the call", async () => {
  fixture.model.on("/held", silent);
  const session = await SessionClient.open(fixture, { on_close_route: "/after" });
  const held = session.request("/held");
  await eventually(() => expect(fixture.model.last.path).toBe("/held"));
  const { socket } = fixture.model.last;
  const order: string[] = [];
  // The close that the worker sends; the connection's own comes later, when the answer to that is out.
  socket.once("end", () => order.push("request closed"));
  fixture.model.on("/after", (request) => {
    order.push("called");
    return plain()(request);
  });
  await session.ask("end");
  expect(await held).toMatchObject({ status: 410 });
  await eventually(() => expect(order).toEqual(["request closed", "called"]));
});

test("the session is reported to the engine as ended only when the call is over, and closing it again is 410 until then", async () => {
  fixture.model.on("/slow", silent);
  const session = await SessionClient.open(fixture, { on_close_route: "/slow" });
  await session.ask("end");
  await eventually(() => expect(fixture.model.last.path).toBe("/slow"));
  const again = await session.ask("end");
  expect({ status: again.status, body: again.json() }).toEqual({
    status: 410,
    body: { error: "session already closed" },
  });
  expect(fixture.engine.ended.some(({ request_idx }) => request_idx === session.auth.request_idx)).toBe(
    false,
  );
  fixture.model.last.socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  await fixture.expectReported({ auth_data: session.auth, payload: {} }, "Success");
  expect(await session.ask("end")).toMatchObject({ status: 400 });
});

test("a call that fails changes nothing: best effort", async () => {
  fixture.model.on("/fails", plain({ status: 500 }));
  const session = await SessionClient.open(fixture, { on_close_route: "/fails" });
  await session.ask("end");
  await fixture.expectReported({ auth_data: session.auth, payload: {} }, "Success");
  expect(fixture.worker.lines.some(({ msg }) => msg === "on_close_route failed")).toBe(true);
});

test("a redirect is not followed", async () => {
  fixture.model.on(
    "/moved",
    plain({ status: 307, headers: ["location", `http://127.0.0.1:${elsewhere.port}/moved`] }),
  );
  const session = await SessionClient.open(fixture, { on_close_route: "/moved" });
  await session.ask("end");
  await fixture.expectReported({ auth_data: session.auth, payload: {} }, "Success");
  expect(elsewhere.bodiesAt("/moved")).toEqual([]);
});

describe("on_close_route may not be", () => {
  test.each([
    ["a host that is not allowed", "http://169.254.169.254/latest", "169.254.169.254"],
    ["one that only looks like loopback", "http://127.0.0.1.example.com/", "127.0.0.1.example.com"],
    ["another port of a host that is allowed with one", "https://other.example.com/", "other.example.com"],
    [
      "a host inside the user part of a URL",
      "http://hooks.example.com@evil.example.com/",
      "evil.example.com",
    ],
  ])("%s", async (_, on_close_route, host) => {
    const reply = await fixture.ask("/session/create", { body: fixture.envelope({ on_close_route }) });
    expect(reply.status).toBe(422);
    expect(reply.json()).toEqual({
      payload: { on_close_route: expect.stringContaining(`must not call ${host}`) },
    });
  });

  test("a URL with a user, which is not called", async () => {
    const reply = await fixture.ask("/session/create", {
      body: fixture.envelope({ on_close_route: "http://me:secret@127.0.0.1/" }),
    });
    expect({ status: reply.status, body: reply.json() }).toEqual({
      status: 422,
      body: { payload: { on_close_route: "must not name a user or a password" } },
    });
  });

  test.each(["ftp://127.0.0.1/", "clean-up", "javascript:alert(1)"])(
    "%s, which is no URL or path",
    async (on_close_route) => {
      const reply = await fixture.ask("/session/create", { body: fixture.envelope({ on_close_route }) });
      expect(reply.status).toBe(422);
      expect(reply.json()).toEqual({
        payload: { on_close_route: 'must be a path that begins with "/", or an http: or https: URL' },
      });
    },
  );
});

test.each([
  "https://hooks.example.com/x",
  "http://hooks.example.com:99/x",
  "https://other.example.com:8443/x",
])("%s is allowed by sessionCallbackHosts", async (on_close_route) => {
  await SessionClient.open(fixture, { on_close_route, lifetime: 600 });
});

test("a path with two slashes stays on the model server", async () => {
  const session = await SessionClient.open(fixture, { on_close_route: `//127.0.0.1:${elsewhere.port}/x` });
  await session.ask("end");
  await eventually(() =>
    expect(fixture.model.bodiesAt(`//127.0.0.1:${elsewhere.port}/x`)).toEqual([{ session_id: session.id }]),
  );
});

test("the worker still serves requests", () => fixture.expectServing());
