import { describe, expect, test } from "vitest";
import { startedModel } from "./support/started-model.js";

const withHealth = () => startedModel({ readiness: "log", hasHealth: true });

describe("the model's health URL", () => {
  test("is not probed before the worker requires it", async () => {
    const { probeHealth, pass } = withHealth();
    await pass(600_000);
    expect(probeHealth.count).toBe(0);
  });

  test("is probed at once when the worker verifies, and 10 s after each answer", async () => {
    const { probeHealth, reported, verify, pass } = withHealth();
    verify();
    expect(probeHealth.count).toBe(1);
    await pass(60_000);
    expect(probeHealth.count).toBe(1);
    await probeHealth.succeed();
    await pass(9999);
    expect(probeHealth.count).toBe(1);
    await pass(1);
    expect(probeHealth.count).toBe(2);
    await probeHealth.fail("status 503");
    await pass(10_000);
    expect(probeHealth.count).toBe(3);
    expect(reported).toEqual([{ type: "model.healthy" }, { type: "model.unhealthy", message: "status 503" }]);
  });

  test("is probed in 10 s, not at once, when the worker suspects the model", async () => {
    const { probeHealth, suspect, pass } = withHealth();
    suspect();
    await pass(9999);
    expect(probeHealth.count).toBe(0);
    await pass(1);
    expect(probeHealth.count).toBe(1);
  });

  test("has 10 s more with each new suspicion", async () => {
    const { probeHealth, suspect, pass } = withHealth();
    suspect();
    await pass(9000);
    suspect();
    await pass(9999);
    expect(probeHealth.count).toBe(0);
    await pass(1);
    expect(probeHealth.count).toBe(1);
  });

  test("is probed again when the worker verifies again: the answer to the earlier probe does not count", async () => {
    const { probeHealth, reported, verify } = withHealth();
    verify();
    verify();
    expect(probeHealth.count).toBe(2);
    expect(probeHealth.all[0]?.signal.aborted).toBe(true);
    probeHealth.all[0]?.resolve();
    await probeHealth.fail("status 503");
    expect(reported).toEqual([{ type: "model.unhealthy", message: "status 503" }]);
  });

  test("is given up in the middle of an answer when the worker suspects the model", async () => {
    const { probeHealth, reported, verify, suspect, pass } = withHealth();
    verify();
    suspect();
    expect(probeHealth.all[0]?.signal.aborted).toBe(true);
    probeHealth.all[0]?.resolve();
    await pass(9999);
    expect(reported).toEqual([]);
  });

  test("is never probed where there is none", async () => {
    const { probeHealth, verify, suspect, pass } = startedModel({ readiness: "log", hasHealth: false });
    verify();
    suspect();
    await pass(600_000);
    expect(probeHealth.count).toBe(0);
  });
});

describe("a model without any readiness signal, when the worker suspects it", () => {
  const withNothing = () => startedModel({ readiness: "none", hasLog: false });
  const LOADED = { type: "model.loaded" };

  test("is reported as loaded after 10 s, once", async () => {
    const { reported, suspect, pass } = withNothing();
    expect(reported).toEqual([LOADED]);
    suspect();
    await pass(9999);
    expect(reported).toEqual([LOADED]);
    await pass(1);
    expect(reported).toEqual([LOADED, LOADED]);
    await pass(600_000);
    expect(reported).toEqual([LOADED, LOADED]);
  });

  test("has 10 s more with each new suspicion, and is reported as loaded after each that it outlived", async () => {
    const { reported, suspect, pass } = withNothing();
    suspect();
    await pass(9000);
    suspect();
    await pass(9999);
    expect(reported).toEqual([LOADED]);
    await pass(1);
    suspect();
    await pass(10_000);
    expect(reported).toEqual([LOADED, LOADED, LOADED]);
  });

  test("has its health URL probed instead, where it has one", async () => {
    const { reported, probeHealth, suspect, pass } = startedModel({
      readiness: "none",
      hasLog: false,
      hasHealth: true,
    });
    suspect();
    await pass(10_000);
    expect(probeHealth.count).toBe(1);
    expect(reported).toEqual([LOADED]);
  });

  test("is left to its log, where that decides that it has loaded", async () => {
    const { reported, suspect, pass } = startedModel({ readiness: "log" });
    suspect();
    await pass(600_000);
    expect(reported).toEqual([]);
  });
});
