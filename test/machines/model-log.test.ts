import { describe, expect, test } from "vitest";
import { startedModel } from "./support/started-model.js";

describe("the model's log", () => {
  test("is read from the start of the actor to its end", () => {
    const { model, tails } = startedModel({ hasLog: true });
    expect(tails()).toEqual({ begun: 1, ended: 0 });
    model.stop();
    expect(tails()).toEqual({ begun: 1, ended: 1 });
  });

  test("is not looked for where there is none", () => {
    expect(startedModel({ hasLog: false, readiness: "health", hasHealth: true }).tails().begun).toBe(0);
  });

  test("tells that the model has loaded, each time that it says so", () => {
    const { told, log } = startedModel({ readiness: "log" });
    log("log.loaded", "startup complete");
    log("log.loaded", "startup complete");
    expect(told).toEqual([{ type: "model.loaded" }, { type: "model.loaded" }]);
  });

  test("reports a failure with the substring that matched", () => {
    const { told, log } = startedModel();
    log("log.failed", "CUDA out of memory");
    expect(told).toEqual([{ type: "model.failed", message: "CUDA out of memory" }]);
  });

  test("tells nothing of lines that are for information only", () => {
    const { told, log } = startedModel();
    log("log.noted", "Download");
    expect(told).toEqual([]);
  });

  test("does not tell that the model has loaded where that is the health URL's word", async () => {
    const { told, log, probeHealth } = startedModel({ readiness: "health", hasHealth: true });
    log("log.loaded", "startup complete");
    expect(told).toEqual([]);
    await probeHealth.succeed();
    expect(told).toEqual([{ type: "model.loaded" }]);
  });

  test("goes on being read while the health URL is asked", async () => {
    const { told, log, verify, probeHealth } = startedModel({ hasHealth: true });
    verify();
    log("log.failed", "Traceback");
    await probeHealth.fail();
    expect(told).toEqual([{ type: "model.failed", message: "… Traceback …" }]);
  });
});
