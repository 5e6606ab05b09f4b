import { useEffect, useMemo, useRef } from "preact/hooks";
import { type Chart, edgeText } from "../../chart/chart.js";
import type { StateValue, TimerView } from "../../recorder/frames.js";
import "./chart.css";
import { drawChart } from "../../chart/draw.js";
import { stateText } from "../../chart/state-value.js";
import { useInspector } from "../inspector.js";
import { durationText } from "../views/format.js";
import { useLayout } from "./chart-layouts.js";
import { lightEdges, lightStates, lightTimers } from "./light.js";
import { PanZoom } from "./pan-zoom.js";

/** Properties of {@link ChartView}. */
interface ChartViewProps {
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
  const { chartDetail } = useInspector();
  const detail = chartDetail.value;
  const { laidOut, isComputed } = useLayout(chart, detail) ?? {};
  const drawing = useMemo(() => laidOut && drawChart(laidOut), [laidOut]);
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
  // Objects are new with each frame, so they are compared by their content.
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
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys that move the chart need the focus
    <section class="chart-view" ref={frame} tabIndex={0} aria-label={`Chart of ${chart.id}`}>
      <div class="picture" ref={picture} />
      {drawing === undefined && <p class="note">loading the chart …</p>}
      {isComputed === false && (
        <p class="chart-list-note">Another version's chart: its transitions are listed, not drawn.</p>
      )}
      <div class="chart-facts">
        {state !== undefined && since !== undefined && (
          <p class="in-state">
            <b>{stateText(state)}</b> for <output>{durationText(Math.max(0, now - since))}</output>
          </p>
        )}
        <Countdowns chart={chart} timers={timers} now={now} />
      </div>
      <div class="chart-controls">
        <button
          type="button"
          aria-pressed={detail === "all"}
          onClick={() => {
            chartDetail.value = detail === "all" ? "events" : "all";
          }}
        >
          guards and actions
        </button>
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
    </section>
  );
}

interface CountdownsProps {
  readonly chart: Chart;
  readonly timers: readonly TimerView[];
  readonly now: number;
}

/** The actor's timers, with the time that is left. */
function Countdowns({ chart, timers, now }: CountdownsProps) {
  if (timers.length === 0) return null;
  return (
    <ul class="countdowns" aria-label="Timers">
      {timers.map(({ event, startedAt, delay }) => {
        const left = Math.max(0, startedAt + delay - now);
        return (
          <li key={event}>
            <span>{nameOf(chart, event)}</span>
            <output>{durationText(left)}</output>
            <progress value={delay === 0 ? 1 : 1 - left / delay} max={1} />
          </li>
        );
      })}
    </ul>
  );
}

/** The trigger of an event's edge in the chart. */
function nameOf(chart: Chart, event: string): string {
  const edge = chart.edges.find(({ on }) => on.kind !== "always" && on.event === event);
  return edge === undefined ? event : edgeText(edge).trigger;
}
