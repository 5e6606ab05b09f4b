import { readdir } from "node:fs/promises";
import Elk from "elkjs/lib/main.js";
import { describe, expect, test } from "vitest";
import { SENDERS } from "../../../machines/senders.js";
import { drawChart, FILE_CSS } from "../../../src/inspector/chart/draw.js";
import { layoutOf } from "../../../src/inspector/chart/layout.js";
import { machineCharts } from "../../../src/inspector/chart/machine-charts.js";
import { mermaidOf } from "../../../src/inspector/chart/mermaid.js";
import { root, rowsBelow, textOf } from "../support/documents.js";

const charts = Object.entries(machineCharts());
const page = await textOf("docs/machines.md");

// A test that fails here is mended by `npm run diagrams`.
describe.each(charts)("the page's picture of the %s machine", (name, chart) => {
  test("is the machine as it is", async () => {
    const drawn = drawChart(await layoutOf(chart, new Elk.default(), "all"), { css: FILE_CSS });
    expect(await textOf(`docs/machines/${name}.svg`)).toBe(drawn);
  });

  test("is there as text, too", async () => {
    expect(await textOf(`docs/machines/${name}.mmd`)).toBe(mermaidOf(chart));
  });

  test("has its place on the page", () => {
    const [, section = ""] = page.split(`\n## ${name}\n`);
    expect(section.split("\n## ")[0]).toContain(`(machines/${name}.svg)`);
    expect(section.split("\n## ")[0]).toContain(`(../machines/${name}.ts)`);
  });
});

test("there is no picture of a machine that is none", async () => {
  const expected = charts.flatMap(([name]) => [`${name}.mmd`, `${name}.svg`]);
  expect((await readdir(root("docs/machines"))).toSorted()).toEqual(expected.toSorted());
});

test("every actor has its place on the page, a machine or not", () => {
  for (const kind of Object.keys(SENDERS)) expect(page).toContain(`\n## ${kind}\n`);
});

test("the page's table has the sender of every event", () => {
  const documented = rowsBelow(page, "Who sends which event").flatMap(([receiver, sender, events = ""]) =>
    events.split(", ").map((event) => `${sender} → ${receiver}: ${event}`),
  );
  const expected = Object.entries(SENDERS).flatMap(([receiver, senders]) =>
    Object.entries(senders).map(([event, sender]) => `${sender} → ${receiver}: \`${event}\``),
  );
  expect(expected.length).toBeGreaterThan(40);
  expect(documented.toSorted()).toEqual(expected.toSorted());
});
