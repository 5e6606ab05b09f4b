import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import type { Reply } from "../../../support/http-client.js";
import {
  type Behaviour,
  chunkBytes,
  closed,
  headBytes,
  plain,
  raw,
  rawThenClose,
  silent,
} from "../../../support/raw-model.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    handlers: [
      { route: "/go", allowParallelRequests: true },
      { route: "/serial" },
      { route: "/generated", allowParallelRequests: true, responseGenerator: "passOn" },
      { route: "/slow-headers", allowParallelRequests: true, timeouts: { headersMs: 200 } },
      { route: "/slow-body", allowParallelRequests: true, timeouts: { idleMs: 200 } },
    ],
  });
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

/** A JSON error of the worker's own without internal details. */
function isError(reply: Reply, status: number): void {
  expect({ status: reply.status, body: reply.json(), complete: reply.complete }).toEqual({
    status,
    body: { error: expect.stringContaining("the model") },
    complete: true,
  });
  expect(reply.headers["content-type"]).toBe("application/json");
  expect(reply.body.toString()).not.toMatch(/\/|\.ts|\.js|node_modules|Error:|undici|ECONN|127\.0\.0\.1/);
}

const reset: Behaviour = ({ socket }) => {
  socket.resetAndDestroy();
};
const close: Behaviour = ({ socket }) => {
  socket.end();
};

describe("answered 502 is a request when the model", () => {
  test("cannot be reached, until it can be again", async () => {
    await fixture.model.stop();
    for (const route of ["/go", "/serial", "/generated"]) isError(await fixture.post(route), 502);
    await fixture.model.listen();
    expect(await fixture.post("/go")).toMatchObject({ status: 200 });
  });

  test.each<[string, Behaviour]>([
    ["closes the connection", close],
    ["resets the connection", reset],
    ["breaks off in its status line", rawThenClose("HTTP/1.1 20")],
    ["breaks off in its headers", rawThenClose("HTTP/1.1 200 OK\r\ncontent-type: text/pl")],
    ["answers something that is not HTTP", rawThenClose("SSH-2.0-OpenSSH_9.2\r\n")],
    [
      "answers two contradicting lengths",
      raw("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx"),
    ],
    ["answers endless headers", raw(`HTTP/1.1 200 OK\r\nx: ${"x".repeat(1_000_000)}`)],
    [
      "wants to change the protocol",
      raw("HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"),
    ],
    ["breaks off a short answer", rawThenClose("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345")],
  ])("%s", async (_, behaviour) => {
    for (const route of ["/go", "/serial"]) {
      fixture.model.on(route, behaviour);
      isError(await fixture.post(route), 502);
      fixture.model.on(route, plain());
      expect(await fixture.post(route)).toMatchObject({ status: 200 });
    }
  });
});

test("a kept connection that the model has closed meanwhile is no failure", async () => {
  await fixture.post("/go");
  fixture.model.last.socket.end();
  await closed(fixture.model.last.socket);
  await fixture.roundTrip();
  expect(await fixture.post("/go")).toMatchObject({ status: 200 });
});

test("the failed are reported to the engine as errors", async () => {
  fixture.model.on("/go", close);
  const body = fixture.envelope();
  isError(await fixture.ask("/go", { body }), 502);
  await fixture.expectReported(body, "Error");
  fixture.model.on("/go", plain());
});

test("the cause is in the log", async () => {
  fixture.model.on("/go", reset);
  await fixture.post("/go");
  await eventually(() =>
    expect(fixture.worker.lines.filter(({ msg }) => msg === "model failed").at(-1)).toMatchObject({
      route: "/go",
      err: { code: "MODEL_UNREACHABLE", stack: expect.stringContaining("caused by") },
    }),
  );
  fixture.model.on("/go", plain());
});

describe("with a limit on the time that the model may take", () => {
  test("it answers 504 when no answer begins, and closes the model's connection", async () => {
    fixture.model.on("/slow-headers", silent);
    isError(await fixture.post("/slow-headers"), 504);
    await closed(fixture.model.last.socket);
  });

  test("it answers 504 when a short answer stops in the middle", async () => {
    fixture.model.on("/slow-body", raw("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345"));
    isError(await fixture.post("/slow-body"), 504);
    await closed(fixture.model.last.socket);
  });

  test("it breaks the client's stream off when the model's stops", async () => {
    const head = headBytes(200, ["content-type", "text/event-stream", "transfer-encoding", "chunked"]);
    fixture.model.on("/slow-body", raw(Buffer.concat([head, chunkBytes("data: 1\n\n")])));
    const reply = await fixture.post("/slow-body");
    expect({ body: reply.body.toString(), complete: reply.complete }).toEqual({
      body: "data: 1\n\n",
      complete: false,
    });
    await closed(fixture.model.last.socket);
  });
});
