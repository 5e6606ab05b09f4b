import { expect } from "vitest";
import { ask } from "../../support/client.js";
import { test, WORK } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";

test("a promise that user code forgot, and that is rejected, is logged and ends nothing", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const handlers = [
    WORK,
    { route: "/forgets", allowParallelRequests: true, remoteFunction: "forgets" },
  ] as const;
  const worker = await cluster.worker({ engine, model, config: { handlers } });
  const held = ask(engine, worker, { cost: 1, fate: "hold" });
  await eventually(() => expect(model.held).toBe(1));
  expect((await ask(engine, worker, {}, { route: "/forgets" }).answer).status).toBe(200);
  await eventually(() =>
    expect(worker.lines).toContainEqual(
      expect.objectContaining({
        level: 50,
        msg: "unhandled rejection",
        err: expect.objectContaining({ message: "a rejection without a handler" }),
      }),
    ),
  );
  model.release();
  expect((await held.answer).status).toBe(200);
  expect(worker.text).toBe("");
});
