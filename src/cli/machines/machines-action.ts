import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { MACHINE_NAMES, type MachineName } from "../../inspector/chart/chart.js";
import { drawChart, FILE_CSS } from "../../inspector/chart/draw.js";
import type { ChartLayouts } from "../../inspector/chart/layout.js";
import { machineCharts } from "../../inspector/chart/machine-charts.js";
import { mermaidOf } from "../../inspector/chart/mermaid.js";
import { packageRoot } from "../../shared/package-root.js";

type Format = "mermaid" | "svg" | "json";

const ENDINGS: Readonly<Record<Format, string>> = { mermaid: "mmd", svg: "svg", json: "json" };

/** Written by the build. */
const LAYOUTS = join(packageRoot, "dist/machine-layouts.json");

interface MachinesCommandOptions {
  readonly format: Format;
  readonly out?: string;
}

/** Runs `tsworker machines`. */
export async function run(
  name: MachineName | undefined,
  { format, out }: MachinesCommandOptions,
  command: Command,
): Promise<void> {
  const names = name === undefined ? MACHINE_NAMES : [name];
  if (format === "svg" && out === undefined && name === undefined) {
    command.error(
      "error: several pictures do not fit into one output: name a machine, or a folder with --out",
    );
  }
  const texts = await Promise.all(names.map(async (each) => [each, await textOf(each, format)] as const));
  if (out === undefined) {
    // Several charts in JSON are one document, a line each.
    process.stdout.write(texts.map(([, text]) => text).join(format === "mermaid" ? "\n" : ""));
    return;
  }
  try {
    await mkdir(out, { recursive: true });
    await Promise.all(texts.map(([id, text]) => writeFile(join(out, `${id}.${ENDINGS[format]}`), text)));
  } catch (error) {
    command.error(`error: cannot write to ${out}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function textOf(name: MachineName, format: Format): Promise<string> {
  switch (format) {
    case "mermaid":
      return mermaidOf(machineCharts()[name]);
    case "json":
      return `${JSON.stringify(machineCharts()[name])}\n`;
    case "svg": {
      const layouts: Readonly<Record<MachineName, ChartLayouts>> = JSON.parse(
        await readFile(LAYOUTS, "utf8"),
      );
      return drawChart(layouts[name].all, { css: FILE_CSS });
    }
  }
}
