import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import type { Reply } from "../../../support/http-client.js";
import { chunkBytes, closed, headBytes, LAST_CHUNK, plain, written } from "../../../support/raw-model.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";
import type { LogLine } from "../../../support/worker-process.js";

let fixture: WorkerFixture;
beforeAll(async () => {
  const generated = (
    responseGenerator: "upperCase" | "passOn" | "throws" | "ignores" | "readsTwice" | "returnsNothing",
  ) => ({ route: `/${responseGenerator}`, responseGenerator }) as const;
  const remote = (remoteFunction: "echo" | "throws" | "returnsNothing" | "returnsTooMuch") =>
    ({ route: `/remote/${remoteFunction}`, remoteFunction }) as const;
  fixture = await WorkerFixture.start({
    handlers: [
      ...(["upperCase", "passOn", "throws", "ignores", "readsTwice", "returnsNothing"] as const).map(
        generated,
      ),
      ...(["echo", "throws", "returnsNothing", "returnsTooMuch"] as const).map(remote),
    ],
  });
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

/** 500 without a close frame of what happened inside. */
function isOwnError(reply: Reply): void {
  expect({ status: reply.status, body: reply.json() }).toEqual({
    status: 500,
    body: { error: "the worker's own code failed" },
  });
}

/** The log has one line about an error with this message. */
const isLogged = (message: string, line: Partial<LogLine>): Promise<void> =>
  eventually(() => {
    const { lines } = fixture.worker;
    const about = lines.filter(({ err }) => (err as { message?: string } | undefined)?.message === message);
    expect(about).toMatchObject([{ ...line, err: { stack: expect.stringContaining("worker-main") } }]);
  });

describe("a responseGenerator", () => {
  test("makes the client's answer from the model's", async () => {
    fixture.model.on("/upperCase", plain({ status: 201, headers: ["x-of", "the model"], body: "hello" }));
    const reply = await fixture.post("/upperCase");
    expect({ status: reply.status, body: reply.body.toString(), headers: reply.headers }).toMatchObject({
      status: 202,
      body: "HELLO",
      headers: { "x-made-by": "the generator" },
    });
    expect(reply.headers["x-of"]).toBeUndefined();
  });

  test("may pass the model's stream on, piece by piece", async () => {
    let finish: () => void = () => {};
    fixture.model.on("/passOn", ({ socket }) => {
      socket.write(
        headBytes(200, ["content-type", "text/event-stream; charset=utf-8", "transfer-encoding", "chunked"]),
      );
      socket.write(chunkBytes("data: 1\n\n"));
      finish = () => socket.write(Buffer.concat([chunkBytes("data: 2\n\n"), Buffer.from(LAST_CHUNK)]));
    });
    const response = await fetch(`${fixture.worker.url}/passOn`, {
      method: "POST",
      body: JSON.stringify(fixture.envelope()),
    });
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    let text = "";
    for await (const piece of response.body ?? []) {
      text += Buffer.from(piece).toString();
      if (text === "data: 1\n\n") finish();
    }
    expect(text).toBe("data: 1\n\ndata: 2\n\n");
  });

  test("that passes a broken stream on breaks the client's off", async () => {
    fixture.model.on("/passOn", ({ socket }) => {
      socket.write(headBytes(200, ["transfer-encoding", "chunked"]));
      socket.end(chunkBytes("half"));
    });
    expect(await fixture.post("/passOn")).toMatchObject({ status: 200, complete: false });
  });

  test("that throws is answered 500; the stack is logged, once, and the request counts as an error", async () => {
    const body = fixture.envelope();
    isOwnError(await fixture.ask("/throws", { body }));
    await isLogged("the generator failed", { msg: "responseGenerator threw", route: "/throws" });
    await fixture.expectReported(body, "Error");
  });

  test("that returns no response, or one whose body was read already, is answered 500", async () => {
    fixture.model.on("/readsTwice", plain({ body: "read" }));
    isOwnError(await fixture.post("/readsTwice"));
    isOwnError(await fixture.post("/returnsNothing"));
  });

  test("that does not read the model's answer releases the model", async () => {
    fixture.model.on("/ignores", async ({ socket }) => {
      socket.write(headBytes(200, ["transfer-encoding", "chunked"]));
      const piece = chunkBytes(Buffer.alloc(65_536));
      while (await written(socket, piece));
    });
    const reply = await fixture.post("/ignores");
    expect({ status: reply.status, body: reply.body.toString() }).toEqual({ status: 200, body: "done" });
    await closed(fixture.model.last.socket);
  });
});

describe("a remoteFunction", () => {
  test("answers instead of the model", async () => {
    const asked = fixture.model.requests.length;
    const reply = await fixture.post("/remote/echo", { text: "hello", n: 5 });
    expect({ status: reply.status, body: reply.json() }).toEqual({
      status: 200,
      body: { result: { text: "hello", n: 5 } },
    });
    expect(reply.headers["content-type"]).toBe("application/json");
    expect(fixture.model.requests.length).toBe(asked);
  });

  test("without a result answers null", async () => {
    const reply = await fixture.post("/remote/returnsNothing");
    expect({ status: reply.status, body: reply.json() }).toEqual({ status: 200, body: { result: null } });
  });

  test("that throws is answered 500; the stack is logged, once, and the request counts as an error", async () => {
    const body = fixture.envelope();
    isOwnError(await fixture.ask("/remote/throws", { body }));
    await isLogged("the function failed", { msg: "remoteFunction threw", route: "/remote/throws" });
    await fixture.expectReported(body, "Error");
  });

  test("whose result cannot be written as JSON is answered 500", async () => {
    isOwnError(await fixture.post("/remote/returnsTooMuch"));
  });
});
