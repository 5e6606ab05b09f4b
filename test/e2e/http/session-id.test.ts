import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HttpStand } from "../../support/http-stand.js";

let stand: HttpStand;
beforeAll(async () => {
  stand = await HttpStand.start({ handlers: [{ route: "/go", allowParallelRequests: true }] });
});
afterAll(() => stand.stop());

describe("a request is answered 410 when its session_id is", () => {
  test.each([
    ["unknown", "abcdefghijklm"],
    ["empty", ""],
    ["a name that objects have by nature", "__proto__"],
  ])("%s", async (_, session_id) => {
    const reply = await stand.ask("/go", { body: { ...stand.envelope(), session_id } });
    expect({ status: reply.status, body: reply.json() }).toEqual({
      status: 410,
      body: { error: "invalid session" },
    });
    expect(stand.model.requests).toEqual([]);
  });
});

test("a forged request does not learn whether a session exists", async () => {
  const { auth_data, payload } = stand.envelope();
  const body = { auth_data: { ...auth_data, signature: "AAAA" }, payload, session_id: "abcdefghijklm" };
  expect(await stand.ask("/go", { body })).toMatchObject({ status: 401 });
});

test("the worker goes on", () => stand.stillServes());
