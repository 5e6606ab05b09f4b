import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import type { Chart, MachineName } from "../../inspector/chart/chart.js";
import { drawChart, FILE_CSS } from "../../inspector/chart/draw.js";
import { layoutOf } from "../../inspector/chart/layout.js";
import { machineCharts } from "../../inspector/chart/machine-charts.js";
import { mermaidOf } from "../../inspector/chart/mermaid.js";

type Format = "mermaid" | "svg" | "json";

const ENDINGS: Readonly<Record<Format, string>> = { mermaid: "mmd", svg: "svg", json: "json" };

interface MachinesCommandOptions {
  readonly format: Format;
  readonly out?: string;
}

/** What `tsworker machines` does. */
export async function run(
  name: MachineName | undefined,
  { format, out }: MachinesCommandOptions,
  command: Command,
): Promise<void> {
  const all = machineCharts();
  const charts = name === undefined ? Object.values(all) : [all[name]];
  if (format === "svg" && out === undefined && name === undefined) {
    command.error(
      "error: several pictures do not fit into one output: name a machine, or a folder with --out",
    );
  }
  if (out === undefined) {
    const texts = await Promise.all(charts.map((chart) => textOf(chart, format)));
    // Several charts in JSON are one document, a line each.
    process.stdout.write(texts.join(format === "mermaid" ? "\n" : ""));
    return;
  }
  const texts = await Promise.all(
    charts.map(async (chart) => [chart.id, await textOf(chart, format)] as const),
  );
  try {
    await mkdir(out, { recursive: true });
    await Promise.all(texts.map(([id, text]) => writeFile(join(out, `${id}.${ENDINGS[format]}`), text)));
  } catch (error) {
    command.error(`error: cannot write to ${out}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function textOf(chart: Chart, format: Format): Promise<string> {
  switch (format) {
    case "mermaid":
      return mermaidOf(chart);
    case "json":
      return `${JSON.stringify(chart)}\n`;
    case "svg":
      return drawChart(await layoutOf(chart, await elk()), { css: FILE_CSS });
  }
}

/** It is large, and only pictures need it. */
async function elk() {
  const { default: Elk } = await import("elkjs/lib/main.js");
  return new Elk.default();
}
