import { useEffect, useRef, useState } from "preact/hooks";
import type { Chart } from "../../chart/chart.js";
import type { StateValue, TimerView } from "../../recorder/frames.js";
import "./chart.css";
import { stateText } from "../../chart/state-text.js";
import { durationText } from "../views/duration-text.js";
import { Countdowns } from "./countdowns.js";
import { drawingOf } from "./drawing-of.js";
import { ELK_LICENCE } from "./elk.js";
import { lightEdges, lightStates, lightTimers } from "./light.js";
import { PanZoom } from "./pan-zoom.js";

/** What is shown of a machine. */
export interface ChartViewProps {
  readonly chart: Chart;
  /** Undefined: no actor of it is there, the chart alone is shown. */
  readonly state: StateValue | undefined;
  /** Ids of the edges that were taken last; each new list is drawn anew. */
  readonly edges: readonly string[];
  /** The actor's own timers. */
  readonly timers: readonly TimerView[];
  /** The worker's clock, and when the actor came into its state; epoch milliseconds. */
  readonly now: number;
  readonly since: number | undefined;
}

/** A machine's chart: active states are lit, the last edges drawn, times counted down. */
export function ChartView({ chart, state, edges, timers, now, since }: ChartViewProps) {
  const frame = useRef<HTMLDivElement>(null);
  const picture = useRef<HTMLDivElement>(null);
  const panZoom = useRef<PanZoom>(undefined);
  const { drawing, fault } = useDrawing(chart);
  const lit = JSON.stringify(state);
  const due = timers.map(({ event }) => event).join(" ");

  useEffect(() => {
    const place = picture.current;
    if (frame.current === null || place === null || drawing === undefined) return;
    place.innerHTML = drawing;
    const own = new PanZoom(frame.current, place);
    panZoom.current = own;
    return () => {
      own.end();
      place.replaceChildren();
    };
  }, [drawing]);
  // What is a new object with each frame is compared by what it says.
  useEffect(() => {
    if (picture.current !== null) lightStates(picture.current, state);
  }, [drawing, lit]);
  useEffect(() => {
    if (picture.current !== null) lightEdges(picture.current, edges);
  }, [drawing, edges]);
  useEffect(() => {
    if (picture.current !== null) lightTimers(picture.current, chart, due.split(" "));
  }, [drawing, due]);

  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys that move the chart are heard where the focus is
    <section class="chart-view" ref={frame} tabIndex={0} aria-label={`Chart of ${chart.id}`}>
      <div class="picture" ref={picture} />
      {drawing === undefined && <p class="note">{fault ?? "laying out the chart …"}</p>}
      <div class="chart-facts">
        {state !== undefined && since !== undefined && (
          <p class="in-state">
            <b>{stateText(state)}</b> for <output>{durationText(Math.max(0, now - since))}</output>
          </p>
        )}
        <Countdowns chart={chart} timers={timers} now={now} />
      </div>
      <div class="chart-controls">
        <button type="button" title="Zoom out (-)" onClick={() => panZoom.current?.zoomOut()}>
          −
        </button>
        <button type="button" title="Show all (0)" onClick={() => panZoom.current?.fit()}>
          fit
        </button>
        <button type="button" title="Zoom in (+)" onClick={() => panZoom.current?.zoomIn()}>
          +
        </button>
      </div>
      <a class="chart-credit" href={ELK_LICENCE} target="_blank" rel="noreferrer">
        laid out by elkjs, EPL-2.0
      </a>
    </section>
  );
}

/** The chart as SVG, once it is laid out. */
function useDrawing(chart: Chart): {
  readonly drawing: string | undefined;
  readonly fault: string | undefined;
} {
  const [result, setResult] = useState<{ of: Chart; drawing?: string; fault?: string }>();
  useEffect(() => {
    let isWanted = true;
    const tell = (what: { drawing: string } | { fault: string }): void => {
      if (isWanted) setResult({ of: chart, ...what });
    };
    drawingOf(chart).then(
      (drawing) => tell({ drawing }),
      (error: unknown) => tell({ fault: `the chart could not be laid out: ${error}` }),
    );
    return () => {
      isWanted = false;
    };
  }, [chart]);
  if (result?.of !== chart) return { drawing: undefined, fault: undefined };
  return { drawing: result.drawing, fault: result.fault };
}
