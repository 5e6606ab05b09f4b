import { signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { Chart } from "../../chart/chart.js";
import type { ChartLayouts, LaidOutChart } from "../../chart/layout.js";
import type { Detail } from "../../chart/text-lines.js";
import { stackedLayout } from "./stacked-layout.js";

/** Computed by the build, served by the worker. */
const ADDRESS = "inspect/assets/machine-layouts.json";

/** Layouts by their charts, as JSON; undefined until they have arrived. */
const layouts = signal<ReadonlyMap<string, ChartLayouts> | undefined>(undefined);

/** Fetches the layouts of this version's charts. */
export async function loadLayouts(): Promise<void> {
  try {
    const response = await fetch(ADDRESS);
    if (!response.ok) throw new Error(`expected the layouts of the charts, got status ${response.status}`);
    const all: Readonly<Record<string, ChartLayouts>> = await response.json();
    layouts.value = new Map(Object.values(all).map((each) => [JSON.stringify(each.chart), each]));
  } catch (error) {
    // Without them, the charts are still shown.
    console.warn(error);
    layouts.value = new Map();
  }
}

interface FoundLayout {
  readonly laidOut: LaidOutChart;
  /** The build has computed it. False: the chart is of another version, as recordings may be. */
  readonly isComputed: boolean;
}

/** The layout of a chart; undefined until layouts have arrived. */
export function useLayout(chart: Chart, detail: Detail): FoundLayout | undefined {
  const all = layouts.value;
  return useMemo(() => {
    if (all === undefined) return undefined;
    const known = all.get(JSON.stringify(chart));
    return known === undefined
      ? { laidOut: stackedLayout(chart, detail), isComputed: false }
      : { laidOut: known[detail], isComputed: true };
  }, [all, chart, detail]);
}
