import { describe, expect, test } from "vitest";
import { startedModel } from "./support/started-model.js";

describe("where the health URL decides that the model has loaded", () => {
  test("it is probed from the start, a second after each failure, until it answers 200", async () => {
    const { probeHealth, reported, pass } = startedModel({ readiness: "health", hasHealth: true });
    for (let tries = 1; tries <= 4; tries++) {
      expect(probeHealth.count).toBe(tries);
      await probeHealth.fail();
      await pass(999);
      expect(probeHealth.count).toBe(tries);
      await pass(1);
    }
    expect(reported).toEqual([]);
    await probeHealth.succeed();
    expect(reported).toEqual([{ type: "model.loaded" }]);
  });

  test("it is probed every 10 s from then on", async () => {
    const { probeHealth, reported, pass } = startedModel({ readiness: "health", hasHealth: true });
    await probeHealth.succeed();
    await pass(9999);
    expect(probeHealth.count).toBe(1);
    await pass(1);
    await probeHealth.fail("status 500");
    expect(reported).toEqual([{ type: "model.loaded" }, { type: "model.unhealthy", message: "status 500" }]);
  });

  test("a suspicion while loading slows the probes down to every 10 s, and 200 then means healthy", async () => {
    const { probeHealth, reported, suspect, pass } = startedModel({ readiness: "health", hasHealth: true });
    await probeHealth.fail();
    suspect();
    await pass(9999);
    expect(probeHealth.count).toBe(1);
    await pass(1);
    await probeHealth.succeed();
    expect(reported).toEqual([{ type: "model.healthy" }]);
  });
});

describe("where there is no model to load", () => {
  test("it is reported as loaded to the worker at once, once", async () => {
    const { reported, pass } = startedModel({ readiness: "none", hasLog: false, hasHealth: false });
    await pass(600_000);
    expect(reported).toEqual([{ type: "model.loaded" }]);
  });

  test("a health URL is probed all the same, every 10 s", async () => {
    const { probeHealth, reported, pass } = startedModel({
      readiness: "none",
      hasLog: false,
      hasHealth: true,
    });
    await pass(10_000);
    await probeHealth.succeed();
    expect(reported).toEqual([{ type: "model.loaded" }, { type: "model.healthy" }]);
  });
});
