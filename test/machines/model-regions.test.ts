import { describe, expect, test } from "vitest";
import { startedModel } from "./support/started-model.js";

describe("a probe of the health URL leaves all other regions as they are:", () => {
  test.each(["verify", "suspect"] as const)(
    "a lifecycle that is still starting continues (%s)",
    async (word) => {
      const started = startedModel({ readiness: "log", hasHealth: true, hasLifecycle: true });
      started[word]();
      started[word]();
      expect(started.startLifecycle.all).toHaveLength(1);
      await started.startLifecycle.succeed();
      expect(started.reported).toEqual([{ type: "model.started" }]);
    },
  );

  test.each(["verify", "suspect"] as const)(
    "a lifecycle that failed is tried again in time (%s)",
    async (word) => {
      const started = startedModel({ readiness: "lifecycle", hasHealth: true, hasLifecycle: true });
      await started.startLifecycle.fail();
      await started.pass(6000);
      started[word]();
      await started.pass(4000);
      expect(started.startLifecycle.all).toHaveLength(2);
    },
  );

  test.each(["verify", "suspect"] as const)("the log is read on (%s)", (word) => {
    const started = startedModel({ hasHealth: true });
    started[word]();
    started[word]();
    expect(started.tails()).toEqual({ begun: 1, ended: 0 });
  });
});
