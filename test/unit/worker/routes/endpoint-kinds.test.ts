import { afterEach, expect, test } from "vitest";
import { bodyEndpoint, wholeBody } from "../../../../src/worker/routes/endpoint-kinds.js";
import type { WorkerAnswer } from "../../../../src/worker/server/answer.js";
import { ask } from "../../../support/http-client.js";
import { TestServer } from "../server/support/test-server.js";

let server: TestServer;
afterEach(() => server.stop());

/** What is answered by an endpoint, and the faults that it tells. */
async function asked(answer: () => WorkerAnswer) {
  const faults: unknown[] = [];
  const endpoint = bodyEndpoint({
    path: "/",
    limit: 100,
    take: wholeBody(answer),
    onFault: (error) => faults.push(error),
  });
  server = await TestServer.start({ endpoints: [endpoint] });
  const reply = await ask(server.url);
  return { status: reply.status, body: reply.json(), faults };
}

const FAILED = { status: 500, body: { error: "the worker failed to handle the request" } };

test("an endpoint that throws answers 500", async () => {
  const fault = new Error("no luck");
  const answer = () => {
    throw fault;
  };
  expect(await asked(answer)).toEqual({ ...FAILED, faults: [fault] });
});

test("an answer that cannot be written as JSON becomes a 500", async () => {
  expect(await asked(() => ({ status: 200, body: 1n }))).toEqual({
    ...FAILED,
    faults: [expect.any(TypeError)],
  });
});
