import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { plain } from "../../../support/raw-model.js";
import { SocketClient } from "../../../support/socket-client.js";
import { SocketModel } from "../../../support/socket-model.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

let fixture: WorkerFixture;

beforeAll(async () => {
  fixture = await WorkerFixture.start({
    handlers: [
      { route: "/go", allowParallelRequests: true },
      { route: "/ws", allowParallelRequests: true, websocket: true },
    ],
    env: { LOG_LEVEL: "debug" },
  });
});

afterAll(() => fixture.stop());

const lineWith = (requestId: string) =>
  eventually(() => {
    const found = fixture.worker.lines.find((line) => line.requestId === requestId && line.msg === "request");
    expect(found).toBeDefined();
    return found;
  });

test("the id of a signed request is in the answer, in the request to the model and in the log", async () => {
  fixture.model.on("/go", plain({ body: "{}", headers: ["x-model", "1"] }));
  const reply = await fixture.ask("/go", { body: fixture.envelope(), headers: { "x-request-id": "mine-1" } });
  expect(reply).toMatchObject({ status: 200, headers: { "x-request-id": "mine-1", "x-model": "1" } });
  const asked = fixture.model.requests.findLast(({ path }) => path === "/go");
  expect(asked?.headers.get("x-request-id")).toBe("mine-1");
  expect(asked?.headers.get("content-type")).toBe("application/json");
  expect(asked?.body.toString()).toBe("{}");
  expect(await lineWith("mine-1")).toMatchObject({ outcome: "success", status: 200 });
});

test("a refused signed request has its id in the answer and in the log", async () => {
  const reply = await fixture.ask("/go", { body: "[", headers: { "x-request-id": "mine-2" } });
  expect(reply.status).toBeGreaterThanOrEqual(400);
  expect(reply.headers["x-request-id"]).toBe("mine-2");
  expect(await lineWith("mine-2")).toMatchObject({ outcome: "rejected", status: reply.status });
});

test.each([
  ["no id", undefined],
  ["an id with blanks", "a b"],
  ["an id of 129 characters", "i".repeat(129)],
])("a signed request with %s is served without one", async (_title, id) => {
  fixture.model.on("/go", plain({ body: "{}" }));
  const headers = id === undefined ? {} : { "x-request-id": id };
  const reply = await fixture.ask("/go", { body: fixture.envelope(), headers });
  expect(reply.status).toBe(200);
  expect(reply.headers).not.toHaveProperty("x-request-id");
  expect(fixture.model.requests.findLast(({ path }) => path === "/go")?.headers.has("x-request-id")).toBe(
    false,
  );
});

test("the id of a WebSocket is in the request to the model and in the log", async () => {
  const socketModel = new SocketModel();
  fixture.model.on("/ws", socketModel.accept);
  const client = await SocketClient.connect(`${fixture.worker.url}/ws`, {
    headers: { "x-request-id": "mine-3" },
  });
  client.send(fixture.envelope());
  await socketModel.accepted();
  client.socket.close(1000);
  expect(await lineWith("mine-3")).toMatchObject({ outcome: "success", status: 101 });
  const asked = fixture.model.requests.findLast(({ path }) => path === "/ws");
  expect(asked?.headers.get("x-request-id")).toBe("mine-3");
});
