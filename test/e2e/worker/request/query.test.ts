import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { RawClient } from "../../../support/http-client.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

const FREE = { allowParallelRequests: true, maxQueueTime: null } as const;

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    handlers: [
      { route: "/all", ...FREE },
      { route: "/none", ...FREE, forwardQuery: false },
      { route: "/some", ...FREE, forwardQuery: ["voice", "api_key"] },
      { route: "/生成", ...FREE },
      { route: "/a%2fb{c}", ...FREE },
    ],
    config: { openRoutes: [{ route: "/état", text: "up" }] },
  });
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

/** What the model was asked for. */
const asked = async (path: string): Promise<string> => {
  expect(await fixture.ask(path, { body: fixture.envelope() })).toMatchObject({ status: 200 });
  return fixture.model.last.path;
};

describe("of the client's query", () => {
  test.each([
    [
      "everything goes to the model",
      "/all?voice=alloy&format=a%20b+c&voice",
      "/all?voice=alloy&format=a%20b+c&voice",
    ],
    ["no key, and no parameter of the worker's", "/all?api_key=secret&a=1&envelope=%7B%7D", "/all?a=1"],
    ["nothing is left of what is none", "/all?", "/all"],
    ["nothing goes where it is switched off", "/none?voice=alloy", "/none"],
    ["what is listed goes", "/some?format=wav&voice=alloy&api_key=secret", "/some?voice=alloy"],
  ])("%s", async (_, path, expected) => {
    expect(await asked(path)).toBe(expected);
  });

  test("requests after one with a query have none", async () => {
    await asked("/all?a=1");
    expect(await asked("/all")).toBe("/all");
  });

  test("bytes beyond ASCII go escaped, or are refused", async () => {
    const before = fixture.model.requests.length;
    const client = await RawClient.connect(fixture.worker.url);
    client.send(fixture.requestBytes("/all?a=é"));
    await client.receives(/^HTTP\/1\.1 \d/);
    client.leave();
    const taken = fixture.model.requests.slice(before).map(({ path }) => path);
    expect(taken).toEqual(client.received.startsWith("HTTP/1.1 200") ? ["/all?a=%C3%A9"] : []);
  });

  test("one that is too long for model servers is refused", async () => {
    const before = fixture.model.requests.length;
    const reply = await fixture.ask(`/all?a=${"x".repeat(9000)}`, { body: fixture.envelope() });
    expect({ status: reply.status, body: reply.json() }).toEqual({
      status: 414,
      body: { error: "the query for the model is longer than 8192 bytes" },
    });
    expect(fixture.model.requests.length).toBe(before);
    expect((await asked(`/all?a=${"x".repeat(8190)}`)).length).toBe("/all?a=".length + 8190);
  });
});

describe("a route beyond ASCII is reached", () => {
  test.each([
    ["as fetch writes it", encodeURI("/生成")],
    ["with small letters in the escapes", encodeURI("/生成").toLowerCase()],
  ])("%s", async (_, path) => {
    expect(await asked(`${path}?a=1`)).toBe(`${encodeURI("/生成")}?a=1`);
  });

  test("with braces and escapes, however they are written", async () => {
    for (const path of ["/a%2fb{c}", "/a%2fb%7Bc%7D", "/a%2Fb%7Bc%7D", "/a%2fb%7bc%7d"]) {
      expect(await asked(path)).toBe("/a%2fb{c}");
    }
  });

  test("where it is an open route", async () => {
    const reply = await fixture.ask(encodeURI("/état"), { method: "GET" });
    expect({ status: reply.status, body: reply.body.toString() }).toEqual({ status: 200, body: "up" });
  });
});
