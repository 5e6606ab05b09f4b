import { expect, test } from "vitest";
import { activePaths } from "../../../../src/inspector/chart/state-value.js";
import { fitsDescriptor } from "../../../../src/inspector/chart/taken-edges.js";

test.each([
  ["ready", ["", "ready"]],
  [{ draining: "closing" }, ["", "draining", "draining.closing"]],
  [
    { log: {}, health: { awaiting: "probing" }, lifecycle: "idle" },
    ["", "log", "health", "health.awaiting", "health.awaiting.probing", "lifecycle", "lifecycle.idle"],
  ],
])("in %j the active states are %j", (state, paths) => {
  expect(activePaths(state)).toEqual(paths);
});

test.each([
  ["model.loaded", "model.loaded", true],
  ["model.loaded", "model.failed", false],
  ["model.loaded", "*", true],
  ["xstate.error.actor.queue.default", "xstate.error.actor.*", true],
  ["xstate.error.actors", "xstate.error.actor.*", false],
  ["model", "model.*", true],
  ["model.loaded", "model", false],
])("%s fits %s: %j", (event, descriptor, fits) => {
  expect(fitsDescriptor(event, descriptor)).toBe(fits);
});
