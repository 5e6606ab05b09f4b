import { expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { HttpStand } from "../../support/http-stand.js";

test("a worker that is loading or errored answers 503 with Retry-After and leaves the model alone", async () => {
  const stand = await HttpStand.start({
    handlers: [
      { route: "/go", allowParallelRequests: true },
      { route: "/serial", requestParser: "needsPrompt" },
    ],
    loaded: false,
  });
  const isRefused = async (state: string): Promise<void> => {
    for (const route of ["/go", "/serial"]) {
      const reply = await stand.post(route, { prompt: "hello" });
      expect({ status: reply.status, body: reply.json(), retryAfter: reply.headers["retry-after"] }).toEqual({
        status: 503,
        body: { error: `the worker is ${state}` },
        retryAfter: expect.stringMatching(/^[1-9]\d*$/),
      });
    }
    expect(stand.model.requests).toEqual([]);
  };

  // Without the engine's key nothing could be said of the signature.
  await eventually(async () => expect(await stand.post("/go")).toMatchObject({ status: 503 }));
  await isRefused("loading");
  // That it is no envelope is told first. What a payload holds nobody looks at.
  expect(await stand.ask("/go", { body: "{" })).toMatchObject({ status: 422 });
  expect(await stand.post("/serial", {})).toMatchObject({ status: 503 });
  await stand.modelLoads();
  await stand.modelFails();
  await isRefused("errored");
  await stand.modelLoads();
  await stand.stillServes();
  await stand.stop();
});
