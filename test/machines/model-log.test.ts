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

  test("reports that the model has loaded, for each line that matches", () => {
    const { reported, log } = startedModel({ readiness: "log" });
    log("log.loaded", "startup complete");
    log("log.loaded", "startup complete");
    expect(reported).toEqual([{ type: "model.loaded" }, { type: "model.loaded" }]);
  });

  test("reports a failure with the substring that matched", () => {
    const { reported, log } = startedModel();
    log("log.failed", "CUDA out of memory");
    expect(reported).toEqual([{ type: "model.failed", message: "CUDA out of memory" }]);
  });

  test("reports nothing for lines that are for information only", () => {
    const { reported, log } = startedModel();
    log("log.noted", "Download");
    expect(reported).toEqual([]);
  });

  test("does not report that the model has loaded where the health URL decides that", async () => {
    const { reported, log, probeHealth } = startedModel({ readiness: "health", hasHealth: true });
    log("log.loaded", "startup complete");
    expect(reported).toEqual([]);
    await probeHealth.succeed();
    expect(reported).toEqual([{ type: "model.loaded" }]);
  });

  test("is still read while the health URL is probed", async () => {
    const { reported, log, verify, probeHealth } = startedModel({ hasHealth: true });
    verify();
    log("log.failed", "Traceback");
    await probeHealth.fail();
    expect(reported).toEqual([{ type: "model.failed", message: "… Traceback …" }]);
  });
});
