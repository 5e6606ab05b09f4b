import type { Chart } from "../../chart/chart.js";
import { edgeText } from "../../chart/edge-text.js";
import type { TimerView } from "../../recorder/frames.js";
import { durationText } from "../views/duration-text.js";

interface CountdownsProps {
  readonly chart: Chart;
  readonly timers: readonly TimerView[];
  readonly now: number;
}

/** What an actor will be sent by itself, and when. */
export function Countdowns({ chart, timers, now }: CountdownsProps) {
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

/** What the chart says of an event. */
function nameOf(chart: Chart, event: string): string {
  const edge = chart.edges.find(({ on }) => on.kind !== "always" && on.event === event);
  return edge === undefined ? event : edgeText(edge).trigger;
}
