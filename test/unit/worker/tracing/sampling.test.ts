import { expect, test } from "vitest";
import { isSampled } from "../../../../src/worker/tracing/sampling.js";
import { newTraceId, parentOf } from "../../../../src/worker/tracing/trace-context.js";

const parent = (flags: string) =>
  parentOf({
    header: (name) =>
      name === "traceparent" ? `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-${flags}` : "",
  });

test.each([
  ["always_on", 1, "00", true],
  ["always_off", 1, "01", false],
  ["parentbased_always_on", 1, undefined, true],
  ["parentbased_always_on", 1, "00", false],
  ["parentbased_always_off", 1, undefined, false],
  ["parentbased_always_off", 1, "01", true],
  ["parentbased_traceidratio", 0, "01", true],
  ["parentbased_traceidratio", 1, "00", false],
  ["traceidratio", 0, "01", false],
  ["traceidratio", 1, "00", true],
] as const)("%s with the ratio %s and the client's flags %s: %s", (sampler, ratio, flags, expected) => {
  const from = flags === undefined ? undefined : parent(flags);
  expect(isSampled({ sampler, ratio }, newTraceId(), from)).toBe(expected);
});

test("a ratio is the share of the traces that are recorded, and each worker decides the same", () => {
  const settings = { sampler: "traceidratio", ratio: 0.3 } as const;
  const ids = Array.from({ length: 10_000 }, newTraceId);
  const chosen = ids.filter((id) => isSampled(settings, id, undefined));
  // Six standard deviations.
  expect(Math.abs(chosen.length - 3000)).toBeLessThan(280);
  expect(chosen.every((id) => isSampled({ ...settings, ratio: 0.4 }, id, undefined))).toBe(true);
  expect(new Set(ids).size).toBe(ids.length);
});
