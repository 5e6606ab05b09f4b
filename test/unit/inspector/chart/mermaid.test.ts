import { describe, expect, test } from "vitest";
import { setup } from "xstate";
import { modelMachine } from "../../../../machines/model.js";
import { chartOf, machineCharts } from "../../../../src/inspector/chart/machine-charts.js";
import { mermaidOf } from "../../../../src/inspector/chart/mermaid.js";

const small = mermaidOf(
  chartOf(
    setup({}).createMachine({
      id: "small",
      initial: "end",
      on: { stop: ".done" },
      states: {
        end: { on: { "a.b": "outer", 'say "x;y:z"': {} } },
        outer: {
          initial: "first",
          states: { first: { on: { go: "#small.other.inner" } } },
        },
        other: { initial: "inner", states: { inner: {} } },
        done: { type: "final" },
      },
    }),
  ),
);

test("a small machine, whole", () => {
  expect(small).toBe(`stateDiagram-v2
  state "end" as small_end
  small_end : say #34;x#59;y#58;z#34;
  state "outer" as small_outer {
    state "first" as small_outer_first
    [*] --> small_outer_first
  }
  state "other" as small_other {
    state "inner" as small_other_inner
    [*] --> small_other_inner
  }
  state "done" as small_done
  state "any state" as small_any
  [*] --> small_end
  small_any --> small_done : stop
  small_end --> small_outer : a.b
  small_outer --> small_other : (in outer.first) (to other.inner) go
  small_done --> [*]
`);
});

test("regions that are active side by side are kept apart", () => {
  const { model } = machineCharts();
  const regions = Object.keys(modelMachine.config.states ?? {}).length;
  expect(regions).toBeGreaterThan(2);
  expect(model && mermaidOf(model).match(/^ +--$/gm)).toHaveLength(regions - 1);
});

describe.each(Object.entries(machineCharts()))("the text of the %s machine", (_, chart) => {
  const lines = mermaidOf(chart).trimEnd().split("\n").slice(1);

  test("has every edge once, in a line or in a comment", () => {
    const drawn = lines.filter((line) => /^ *\w+ --> \w+ : /.test(line));
    expect(drawn).toHaveLength(chart.edges.filter(({ to }) => to !== undefined).length);
  });

  test("has no edge between states of different composites", () => {
    const places: string[] = [""];
    const placeOf = new Map<string, string>();
    const ends: (readonly string[])[] = [];
    for (const line of lines) {
      const [, named] = /^ *state ".*" as (\w+)/.exec(line) ?? [];
      if (named !== undefined) placeOf.set(named, places.at(-1) ?? "");
      if (line.endsWith("{")) places.push(named ?? "");
      if (line.trim() === "}") places.pop();
      const [, from, to] = /^ *(\w+) --> (\w+)/.exec(line) ?? [];
      if (from !== undefined && to !== undefined) ends.push([from, to]);
    }
    expect(places).toEqual([""]);
    for (const [from = "", to = ""] of ends) expect(placeOf.get(from), `${from} ${to}`).toBe(placeOf.get(to));
  });

  test("has no character in a label that would end it", () => {
    for (const line of lines.filter((each) => !each.includes("%%"))) {
      expect(line.split(" : ").length, line).toBeLessThan(3);
      expect(line.replaceAll(/#\d+;/g, "").replace(" : ", ""), line).not.toMatch(/[:;]/);
    }
  });
});
