import { useMemo } from "preact/hooks";
import type { Chart } from "../chart/chart.js";
import { isSameState, stateText } from "../chart/state-value.js";
import type { ActorRow, TimerView } from "../recorder/frames.js";
import { leadsOn, TRAIL_LENGTH } from "./chart/chart-trail.js";
import { ChartView } from "./chart/chart-view.js";
import { ValueView } from "./event-details.js";
import { stateAt } from "./history.js";
import { useInspector } from "./inspector.js";
import { durationText } from "./views/format.js";
import { LanesView } from "./views/lanes-view.js";
import "./machine-view.css";

const NO_EDGES: readonly string[] = [];
const NO_TIMERS: readonly TimerView[] = [];

/** The selected actor: its statechart, its lanes, or its context. */
export function MachineView() {
  const { store, actor } = useInspector();
  store.version.value;
  const row = actor.value;
  if (row === undefined) return <p class="empty">No actor yet.</p>;
  const past = store.past.value;
  const chart = store.hello.value?.charts[row.kind];
  const context = store.history.contextOf(row.ref, past?.n);
  return (
    <section class="machine" aria-label={row.id}>
      <Head row={row} hasChart={chart !== undefined} />
      {chart !== undefined && (
        <div class="machine-chart">
          <Statechart row={row} chart={chart} />
        </div>
      )}
      {row.kind === "queue" && past === undefined && (
        <div class="machine-lanes">
          <Lanes row={row} />
        </div>
      )}
      <details class="machine-context" open={chart === undefined && row.kind !== "queue"}>
        <summary>Context</summary>
        {context === undefined ? (
          <p class="muted">Not known: no kept record has it.</p>
        ) : (
          <ValueView value={context} />
        )}
      </details>
    </section>
  );
}

function Head({ row, hasChart }: { readonly row: ActorRow; readonly hasChart: boolean }) {
  const { store, now } = useInspector();
  const past = store.past.value;
  const then = past === undefined ? row : stateAt(row, past);
  const hasEnded = past === undefined && store.actors.get(row.ref) === undefined;
  return (
    <div class="machine-head">
      <h2>{row.id}</h2>
      {/* A chart shows the state itself. */}
      {then?.state !== undefined && !hasChart && (
        <>
          <span class="lamp">{stateText(then.state)}</span>
          <span class="fact">for {durationText(now.value - then.since)}</span>
        </>
      )}
      {hasEnded && <span class="fact">ended</span>}
      {then === undefined && <span class="fact">its state then lies before the recording</span>}
      <span class="spring" />
      {row.kind !== row.id && <span class="fact">{row.kind}</span>}
    </div>
  );
}

function Lanes({ row }: { readonly row: ActorRow }) {
  const { store, now } = useInspector();
  return <LanesView lane={store.lanes.value.find(({ ref }) => ref === row.ref)} row={row} now={now.value} />;
}

function Statechart({ row, chart }: { readonly row: ActorRow; readonly chart: Chart }) {
  const { store, now } = useInspector();
  const past = store.past.value;
  const version = store.version.value;
  const isTransition = useMemo(() => leadsOn(chart), [chart]);
  const trail = useMemo(
    () => store.history.lastOf(row.ref, isTransition, TRAIL_LENGTH, past?.n),
    [store, version, row.ref, isTransition, past],
  );
  if (past !== undefined) {
    const then = stateAt(row, past);
    return (
      <ChartView
        chart={chart}
        state={then?.state}
        edges={past.moments.get(row.ref)?.edges ?? NO_EDGES}
        trail={trail}
        timers={NO_TIMERS}
        now={past.at}
        since={then?.since ?? past.at}
      />
    );
  }
  const latest = store.history.latestOf(row.ref);
  // The last recorded event may not be the last one that happened.
  const isLatest = latest !== undefined && isSameState(latest.state, row.state);
  return (
    <ChartView
      chart={chart}
      state={row.state}
      edges={isLatest ? latest.edges : NO_EDGES}
      trail={trail}
      timers={store.timers.value.filter(({ ref }) => ref === row.ref)}
      now={now.value}
      since={row.since}
    />
  );
}
