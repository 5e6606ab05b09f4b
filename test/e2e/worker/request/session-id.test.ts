import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WorkerFixture } from "../../../support/worker-fixture.js";

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({ handlers: [{ route: "/go", allowParallelRequests: true }] });
});
afterAll(() => fixture.stop());

describe("a request is answered 410 when its session_id is", () => {
  test.each([
    ["unknown", "abcdefghijklm"],
    ["empty", ""],
    ["a name that objects have by nature", "__proto__"],
  ])("%s", async (_, session_id) => {
    const reply = await fixture.ask("/go", { body: { ...fixture.envelope(), session_id } });
    expect({ status: reply.status, body: reply.json() }).toEqual({
      status: 410,
      body: { error: "invalid session" },
    });
    expect(fixture.model.requests).toEqual([]);
  });
});

test("a forged request does not reveal whether a session exists", async () => {
  const { auth_data, payload } = fixture.envelope();
  const body = { auth_data: { ...auth_data, signature: "AAAA" }, payload, session_id: "abcdefghijklm" };
  expect(await fixture.ask("/go", { body })).toMatchObject({ status: 401 });
});

test("the worker still serves requests", () => fixture.expectServing());
