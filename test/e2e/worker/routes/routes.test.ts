import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { RawClient } from "../../../support/http-client.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    handlers: [{ route: "/v1/completions", allowParallelRequests: true }],
  });
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

describe("answered 404 is", () => {
  test.each([
    ["another path", "/v1/other"],
    ["a part of the path", "/v1"],
    ["a longer path", "/v1/completions/more"],
    ["a slash at the end", "/v1/completions/"],
    ["other upper and lower case", "/V1/Completions"],
    ["a percent-encoded letter", "/v1/%63ompletions"],
    ["the root", "/"],
    ["a path that objects have by nature", "/__proto__"],
  ])("%s", async (_, path) => {
    const asked = fixture.model.requests.length;
    for (const method of ["POST", "GET", "DELETE"]) {
      const reply = await fixture.ask(path, { method, body: fixture.envelope() });
      expect({ status: reply.status, body: reply.json() }).toEqual({
        status: 404,
        body: { error: "no such route" },
      });
      expect(reply.headers["content-type"]).toBe("application/json");
    }
    expect(fixture.model.requests.length).toBe(asked);
  });
});

describe("answered 405, with Allow, is", () => {
  test.each(["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])("%s on a handler's route", async (method) => {
    const reply = await fixture.ask("/v1/completions", { method, body: fixture.envelope() });
    expect({ status: reply.status, body: reply.json(), allow: reply.headers.allow }).toEqual({
      status: 405,
      body: { error: "this route takes POST" },
      allow: "POST",
    });
    expect(reply.headers["content-type"]).toBe("application/json");
  });
});

test("the answer to HEAD has no body, so that the next one on the connection is understood", async () => {
  const client = await RawClient.connect(fixture.worker.url);
  client.send("HEAD /v1/completions HTTP/1.1\r\nhost: worker\r\n\r\n");
  await client.receives(/^HTTP\/1\.1 405 [\s\S]*allow: POST[\s\S]*\r\n\r\n$/);
  client.send("HEAD /v1/other HTTP/1.1\r\nhost: worker\r\n\r\n");
  await client.receives(/\r\n\r\nHTTP\/1\.1 404 [\s\S]*\r\n\r\n$/);
  client.send(fixture.requestBytes("/v1/completions"));
  await client.receives(/\r\n\r\nHTTP\/1\.1 200 [\s\S]*\r\n\r\n\{\}$/);
  client.leave();
});

test("a query does not hide the route", async () => {
  const reply = await fixture.ask("/v1/completions?a=1&b=%20", { body: fixture.envelope() });
  expect(reply).toMatchObject({ status: 200 });
});

test("a connection serves one request after the other, errors in between", async () => {
  const client = await RawClient.connect(fixture.worker.url);
  for (let turn = 1; turn <= 5; turn++) {
    client.received = "";
    client.send(fixture.requestBytes("/v1/completions"));
    await client.receives(/^HTTP\/1\.1 200 [\s\S]*\{\}$/);
    client.received = "";
    client.send(fixture.requestBytes("/nowhere"));
    await client.receives(/^HTTP\/1\.1 404 [\s\S]*"no such route"\}$/);
  }
  client.leave();
});
