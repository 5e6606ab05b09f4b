import { describe, expect, test } from "vitest";
import { isWithin } from "../../../../../src/inspector/chart/chart.js";
import type { Box } from "../../../../../src/inspector/chart/layout.js";
import { machineCharts } from "../../../../../src/inspector/chart/machine-charts.js";
import { stackedLayout } from "../../../../../src/inspector/page/chart/stacked-layout.js";

const contains = (outer: Box, inner: Box): boolean =>
  inner.x > outer.x &&
  inner.y > outer.y &&
  inner.x + inner.width < outer.x + outer.width &&
  inner.y + inner.height < outer.y + outer.height;

const overlap = (one: Box, other: Box): boolean =>
  one.x < other.x + other.width &&
  other.x < one.x + one.width &&
  one.y < other.y + other.height &&
  other.y < one.y + one.height;

const cases = Object.entries(machineCharts()).flatMap(([name, chart]) =>
  (["events", "all"] as const).map((detail) => ({ name, chart, detail })),
);

describe.each(cases)("the $name machine without a computed layout, with $detail", ({ chart, detail }) => {
  const { states, width, height, dots } = stackedLayout(chart, detail);

  test("has every state within its parent, and over no other one", () => {
    for (const one of states) {
      expect(contains({ x: 0, y: 0, width, height }, one.box), one.path).toBe(true);
      for (const other of states) {
        const both = `${one.path} and ${other.path}`;
        if (one === other || isWithin(one.path, other.path)) continue;
        if (isWithin(other.path, one.path)) expect(contains(one.box, other.box), both).toBe(true);
        else expect(overlap(one.box, other.box), both).toBe(false);
      }
    }
  });

  test("lists every edge in the state that it leaves, with the state that it leads to", () => {
    for (const { id, from, to } of chart.edges) {
      const lines = states
        .find(({ path }) => path === from)
        ?.lines.filter(({ edges }) => edges.includes(id))
        .map(({ when }) => when);
      expect(lines?.length, id).toBeGreaterThan(0);
      if (to === undefined || to === from) continue;
      const name = isWithin(to, from) && from !== "" ? to.slice(from.length + 1) : to;
      expect(lines, id).toContain(`→ ${name}`);
    }
  });

  test("has a dot beside every initial state", () => {
    const initial = states.length === 1 ? [] : JSON.stringify(chart).match(/"initial":/g);
    expect(dots).toHaveLength(initial?.length ?? 0);
  });
});
