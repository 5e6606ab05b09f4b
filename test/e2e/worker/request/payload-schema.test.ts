import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    handlers: [
      {
        route: "/checked",
        allowParallelRequests: true,
        payloadSchema: "completion",
        workloadCalculator: "maxTokens",
      },
      { route: "/raw", allowParallelRequests: true },
      { route: "/later", allowParallelRequests: true, payloadSchema: "later" },
    ],
  });
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

const post = (route: string, payload: string) => fixture.ask(route, { body: fixture.envelopeBytes(payload) });

test("the model gets the schema's output, and the calculator its defaults", async () => {
  expect(await post("/checked", '{"prompt":"hello","unknown":1}')).toMatchObject({ status: 200 });
  expect(fixture.model.last.body.toString()).toBe('{"prompt":"hello","max_tokens":16}');
  expect(fixture.worker.lines.filter(({ msg }) => msg.startsWith("workloadCalculator"))).toEqual([]);
});

test("a payload that does not match is refused with a message for each field", async () => {
  const before = fixture.model.requests.length;
  const reply = await post("/checked", '{"prompt":7,"max_tokens":0,"stop":["a",1]}');
  expect(reply).toMatchObject({ status: 422 });
  expect(reply.json()).toEqual({
    payload: {
      prompt: expect.stringContaining("expected string"),
      max_tokens: expect.stringContaining("expected number to be >=1"),
      "stop[1]": expect.stringContaining("expected string"),
    },
  });
  expect(fixture.model.requests.length).toBe(before);
});

test("without a schema the client's own bytes are sent", async () => {
  const payload = '{ "prompt": 9007199254740993, "b":1.0 }';
  expect(await post("/raw", payload)).toMatchObject({ status: 200 });
  expect(fixture.model.last.body.toString()).toBe(payload);
});

test("a schema that validates asynchronously is the worker's own failure, and the log names it", async () => {
  expect(await post("/later", '{"prompt":"hello"}')).toMatchObject({ status: 500 });
  await eventually(() =>
    expect(fixture.worker.lines.map(({ err }) => JSON.stringify(err ?? ""))).toContainEqual(
      expect.stringContaining("payloadSchema: expected a schema that validates synchronously"),
    ),
  );
});
