import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { Sample } from "../../recorder/frames.js";
import { pixels, unitText } from "./format.js";
import { plotOptions } from "./plot-options.js";
import { columnsOf, type SampleChart } from "./sample-charts.js";

/** Pixels. */
const HEIGHT = 132;

/** Value of a token where an element is. */
function colorAt(element: HTMLElement, token: string): string {
  element.style.color = `var(${token})`;
  return getComputedStyle(element).color;
}

interface PlotProps {
  readonly chart: SampleChart;
  readonly samples: readonly Sample[];
  readonly width: number;
  /** Changes with the colours. */
  readonly theme: number;
  /** Index of the time that the cursor is at; undefined: the newest. */
  readonly cursor: number | undefined;
  readonly onCursor: (index: number | undefined) => void;
}

/** A chart of samples, and below its title what its lines are worth at the cursor. */
export function SamplePlot({ chart, samples, width, theme, cursor, onCursor }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const columns = useMemo(
    () =>
      columnsOf(
        samples,
        chart.lines.map(({ read }) => read),
      ),
    [samples, chart],
  );

  useLayoutEffect(() => {
    const element = place.current;
    if (element === null) return;
    const probe = document.createElement("span");
    element.append(probe);
    const options = plotOptions(chart, (token) => colorAt(probe, token), onCursor);
    plot.current = new uPlot({ ...options, width: 1, height: HEIGHT }, [[]], element);
    return () => {
      plot.current?.destroy();
      probe.remove();
    };
  }, [chart, onCursor]);

  useLayoutEffect(() => plot.current?.setSize({ width, height: HEIGHT }), [width]);
  useLayoutEffect(() => {
    plot.current?.setData([[...columns.times], ...columns.values.map((values) => [...values])]);
  }, [columns]);
  useLayoutEffect(() => {
    if (theme > 0) plot.current?.redraw(false, true);
  }, [theme]);

  return (
    <section class="samples-chart">
      <h3>
        {chart.title}
        <small>{chart.unit}</small>
      </h3>
      <ul>
        {chart.lines.map(({ label, color }, index) => {
          const value = columns.values[index]?.at(cursor ?? -1) ?? null;
          return (
            <li key={label} style={{ "--color": `var(${color})` }}>
              {label}
              <b>{value === null ? "–" : unitText(value, chart.unit)}</b>
            </li>
          );
        })}
      </ul>
      <div ref={place} style={{ height: pixels(HEIGHT) }} />
    </section>
  );
}
