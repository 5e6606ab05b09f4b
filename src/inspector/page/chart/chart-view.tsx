import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { type Chart, edgeText } from "../../chart/chart.js";
import type { EventRecord, StateValue, TimerView } from "../../recorder/frames.js";
import "./chart.css";
import "./beside-chart.css";
import { drawChart } from "../../chart/draw.js";
import { stateText } from "../../chart/state-value.js";
import { useInspector } from "../inspector.js";
import { durationText } from "../views/format.js";
import { useLayout } from "./chart-layouts.js";
import { ChartLegend } from "./chart-legend.js";
import { ChartScroll } from "./chart-scroll.js";
import { ChartSearch } from "./chart-search.js";
import { ChartTrail } from "./chart-trail.js";
import { lightEdges, lightStates, lightTimers, lightTrail } from "./light.js";

/** Properties of {@link ChartView}. */
interface ChartViewProps {
  readonly chart: Chart;
  /** Undefined: no actor of it is there, the chart alone is shown. */
  readonly state: StateValue | undefined;
  /** Ids of the edges that were taken last; each new list is drawn anew. */
  readonly edges: readonly string[];
  /** The last transitions, the newest first. */
  readonly trail: readonly EventRecord[];
  /** The actor's own timers. */
  readonly timers: readonly TimerView[];
  /** The worker's clock, and when the actor came into its state; epoch milliseconds. */
  readonly now: number;
  readonly since: number | undefined;
}

/** A machine's chart: active states are lit, the last edges drawn, times counted down. */
export function ChartView({ chart, state, edges, trail, timers, now, since }: ChartViewProps) {
  const frame = useRef<HTMLElement>(null);
  const picture = useRef<HTMLDivElement>(null);
  const scroll = useRef<ChartScroll>(undefined);
  const inspector = useInspector();
  const { chartDetail } = inspector;
  const detail = chartDetail.value;
  const { laidOut, isComputed } = useLayout(chart, detail) ?? {};
  const drawing = useMemo(() => laidOut && drawChart(laidOut), [laidOut]);
  const lit = JSON.stringify(state);
  const due = timers.map(({ event }) => event).join(" ");
  const transitions = trail.map(({ n }) => n).join(" ");

  useLayoutEffect(() => {
    const place = picture.current;
    if (frame.current === null || place === null || drawing === undefined) return;
    place.innerHTML = drawing;
    const svg = place.querySelector("svg");
    if (svg === null) return;
    const own = new ChartScroll(frame.current, svg);
    scroll.current = own;
    return () => {
      own.end();
      place.replaceChildren();
    };
  }, [drawing]);
  // Objects are new with each frame, so they are compared by their content.
  useLayoutEffect(() => {
    if (picture.current !== null) lightEdges(picture.current, edges);
  }, [drawing, edges]);
  useLayoutEffect(() => {
    if (picture.current !== null) lightStates(picture.current, state);
    scroll.current?.follow();
  }, [drawing, lit]);
  useLayoutEffect(() => {
    if (picture.current === null) return;
    lightTrail(
      picture.current,
      trail.map((record) => record.edges),
    );
  }, [drawing, transitions]);
  useLayoutEffect(() => {
    if (picture.current !== null) lightTimers(picture.current, chart, due.split(" "));
  }, [drawing, due]);

  return (
    <section class="chart-view" aria-label={`Chart of ${chart.id}`}>
      <div class="chart-tools">
        {state !== undefined && since !== undefined && (
          <p class="in-state">
            <b>{stateText(state)}</b> for <output>{durationText(Math.max(0, now - since))}</output>
          </p>
        )}
        <ChartSearch drawing={drawing} picture={picture} onShow={(found) => scroll.current?.reveal(found)} />
        <button
          type="button"
          aria-pressed={detail === "all"}
          onClick={() => {
            chartDetail.value = detail === "all" ? "events" : "all";
          }}
        >
          guards and actions
        </button>
        <ChartLegend />
        <div class="chart-zoom">
          <button type="button" title="Zoom out (-)" onClick={() => scroll.current?.zoomOut()}>
            −
          </button>
          <button type="button" title="Zoom in (+)" onClick={() => scroll.current?.zoomIn()}>
            +
          </button>
          <button type="button" title="The active states (a)" onClick={() => scroll.current?.showActive()}>
            active
          </button>
          <button type="button" title="The whole chart (0)" onClick={() => scroll.current?.showWhole()}>
            whole
          </button>
        </div>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keys that move the chart need the focus */}
      <section class="chart-frame" ref={frame} tabIndex={0} aria-label={`Picture of ${chart.id}`}>
        <div class="picture" ref={picture} />
        {drawing === undefined && <p class="note">loading the chart …</p>}
      </section>
      {isComputed === false && (
        <p class="chart-list-note">Another version's chart: its transitions are listed, not drawn.</p>
      )}
      <Countdowns chart={chart} timers={timers} now={now} />
      <ChartTrail chart={chart} trail={trail} now={now} onSelect={(n) => inspector.travel(n)} />
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
