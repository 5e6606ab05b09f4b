import type { Chart } from "../../chart/chart.js";
import { drawChart } from "../../chart/draw.js";
import { layoutOf } from "../../chart/layout.js";
import { elk } from "./elk.js";

const drawings = new Map<string, Promise<string>>();

/** A chart as SVG. Equal charts are laid out once, whatever feed they came with. */
export function drawingOf(chart: Chart): Promise<string> {
  const definition = JSON.stringify(chart);
  const known = drawings.get(definition);
  if (known !== undefined) return known;
  const drawing = layoutOf(chart, elk).then((laidOut) => drawChart(laidOut));
  drawings.set(definition, drawing);
  return drawing;
}
