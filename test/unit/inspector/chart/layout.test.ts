import Elk from "elkjs/lib/main.js";
import { describe, expect, test } from "vitest";
import { drawChart } from "../../../../src/inspector/chart/draw.js";
import { type Box, layoutOf } from "../../../../src/inspector/chart/layout.js";
import { machineCharts } from "../../../../src/inspector/chart/machine-charts.js";

const contains = (outer: Box, inner: Box): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;

const overlap = (one: Box, other: Box): boolean =>
  one.x < other.x + other.width &&
  other.x < one.x + one.width &&
  one.y < other.y + other.height &&
  other.y < one.y + one.height;

const pictures = Object.entries(machineCharts()).flatMap(([name, chart]) =>
  (["events", "all"] as const).map((detail) => ({ name, chart, detail })),
);

describe.each(pictures)("the picture of the $name machine with $detail", async ({ name, chart, detail }) => {
  const laidOut = await layoutOf(chart, new Elk.default(), detail);
  const { states, edges, width, height } = laidOut;
  const isWithin = (inner: string, outer: string): boolean =>
    outer === "" ? inner !== "" : inner.startsWith(`${outer}.`);

  test("has every state within its parent, and over no other one", () => {
    for (const one of states) {
      for (const other of states) {
        const both = `${one.path} and ${other.path}`;
        if (one === other || isWithin(one.path, other.path)) continue;
        if (isWithin(other.path, one.path)) expect(contains(one.box, other.box), both).toBe(true);
        else expect(overlap(one.box, other.box), both).toBe(false);
      }
    }
  });

  test("has a line of text for every edge, in its state or on its way", () => {
    const reported = [...states, ...edges].flatMap(({ lines }) => lines.flatMap((line) => line.edges));
    expect([...new Set(reported)].toSorted()).toEqual(chart.edges.map(({ id }) => id).toSorted());
  });

  test("has every edge end at the border of the state that it leads to", () => {
    for (const { lines, points } of edges) {
      const edge = chart.edges.find(({ id }) => id === lines[0]?.edges[0]);
      const box = states.find(({ path }) => path === edge?.to)?.box;
      const end = points.at(-1);
      if (edge === undefined || box === undefined || end === undefined) continue;
      const isAtTop = Math.abs(end.y - box.y) < 0.2;
      const isAtBottom = Math.abs(end.y - box.y - box.height) < 0.2;
      expect(isAtTop || isAtBottom, edge.id).toBe(true);
      expect(end.x > box.x && end.x < box.x + box.width, edge.id).toBe(true);
    }
  });

  test("has labels that lie over no other label and over no state without others in it", () => {
    const labels = edges.flatMap(({ label }) => label ?? []);
    const simple = states.filter(({ path }) => !states.some((state) => isWithin(state.path, path)));
    for (const label of labels) {
      expect(contains({ x: 0, y: 0, width, height }, label)).toBe(true);
      for (const other of labels) expect(label !== other && overlap(label, other)).toBe(false);
      for (const { box, path } of simple) expect(overlap(label, box), path).toBe(false);
    }
  });

  test("is the same each time", async () => {
    expect(await layoutOf(chart, new Elk.default(), detail)).toEqual(laidOut);
  });

  test("names itself, its states and its edges in SVG, with nothing from elsewhere", () => {
    const drawn = drawChart(laidOut);
    expect(drawn).toContain(`<title>State machine ${name}</title>`);
    for (const { path } of states) expect(drawn).toContain(`data-state="${path}"`);
    const drawnEdges = [...drawn.matchAll(/data-edge="([^"]*)"/g)].flatMap(([, ids = ""]) => ids.split(" "));
    expect(drawnEdges).toEqual(expect.arrayContaining(chart.edges.map(({ id }) => id)));
    expect(drawn.replace('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(/https?:|url\(|<script/);
  });
});

test("guards and actions are in the picture with all only, and a trigger that several edges share is there once", async () => {
  const { model } = machineCharts();
  const textOf = async (detail: "events" | "all"): Promise<string> =>
    drawChart(await layoutOf(model, new Elk.default(), detail));
  const [events, all] = await Promise.all([textOf("events"), textOf("all")]);
  const actions = [...new Set(model.edges.flatMap((edge) => edge.actions))].filter(
    (name) => name !== "(inline)",
  );
  expect(actions.length).toBeGreaterThan(5);
  expect(actions.filter((name) => !all.includes(name))).toEqual([]);
  expect(actions.filter((name) => events.includes(`${name}<`) || events.includes(`/ ${name}`))).toEqual([]);
  const shared = /data-edge="[^" ]+ [^"]+"/;
  expect(events).toMatch(shared);
  expect(all).not.toMatch(shared);
});

test("names are written so that they are no markup", async () => {
  const state = { kind: "atomic", entry: [], exit: [], invokes: [], children: [] } as const;
  const chart = { id: "a<b", root: { ...state, path: "", key: 'x"&<y>' }, edges: [] };
  const drawn = drawChart(await layoutOf(chart, new Elk.default(), "all"));
  expect(drawn).toContain("a&lt;b");
  expect(drawn).toContain("x&quot;&amp;&lt;y&gt;");
});
