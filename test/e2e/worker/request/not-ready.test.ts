import { expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

test("a worker that is loading or errored answers 503 with Retry-After and leaves the model alone", async () => {
  const fixture = await WorkerFixture.start({
    handlers: [
      { route: "/go", allowParallelRequests: true },
      { route: "/serial", requestParser: "needsPrompt" },
    ],
    loaded: false,
  });
  const isRefused = async (state: string): Promise<void> => {
    for (const route of ["/go", "/serial"]) {
      const reply = await fixture.post(route, { prompt: "hello" });
      expect({ status: reply.status, body: reply.json(), retryAfter: reply.headers["retry-after"] }).toEqual({
        status: 503,
        body: { error: `the worker is ${state}` },
        retryAfter: expect.stringMatching(/^[1-9]\d*$/),
      });
    }
    expect(fixture.model.requests).toEqual([]);
  };

  // Without the engine's key the signature cannot be verified.
  await eventually(async () => expect(await fixture.post("/go")).toMatchObject({ status: 503 }));
  await isRefused("loading");
  // That it is no envelope comes first. The payload is not read.
  expect(await fixture.ask("/go", { body: "{" })).toMatchObject({ status: 422 });
  expect(await fixture.post("/serial", {})).toMatchObject({ status: 503 });
  await fixture.modelLoads();
  await fixture.modelFails();
  await isRefused("errored");
  await fixture.modelLoads();
  await fixture.expectServing();
  await fixture.stop();
});
