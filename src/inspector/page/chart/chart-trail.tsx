import { type Chart, edgeText } from "../../chart/chart.js";
import { stateText } from "../../chart/state-value.js";
import type { EventRecord } from "../../recorder/frames.js";
import { clockText, durationText, eventLabel } from "../views/format.js";

/** So many transitions are the trail. */
export const TRAIL_LENGTH = 5;

/** A test for events that led from a state to a state. */
export function leadsOn({ edges }: Chart): (record: EventRecord) => boolean {
  const moving = new Set(edges.filter(({ to }) => to !== undefined).map(({ id }) => id));
  return (record) => record.edges.some((id) => moving.has(id));
}

/**
 * The last transitions in words, the newest first. Their numbers are those in the chart.
 *
 * @param props.now milliseconds, as are the times of records.
 */
export function ChartTrail(props: {
  readonly chart: Chart;
  readonly trail: readonly EventRecord[];
  readonly now: number;
  readonly onSelect: (n: number) => void;
}) {
  const { chart, trail, now, onSelect } = props;
  return (
    <ol class="chart-trail" aria-label="Last transitions">
      {trail.map((record, index) => (
        <li key={record.n}>
          <button
            type="button"
            title={`${clockText(record.at)}: look back to here`}
            onClick={() => onSelect(record.n)}
          >
            <span class="chart-trail-number">{index + 1}</span>
            <span class="chart-trail-name">{triggerOf(chart, record)}</span>
            <span class="chart-trail-target">→ {targetOf(chart, record)}</span>
            <span class="chart-trail-age">{durationText(now - record.at)} ago</span>
          </button>
        </li>
      ))}
    </ol>
  );
}

/** The event as its edge in the chart has it. */
function triggerOf({ edges }: Chart, record: EventRecord): string {
  const edge = edges.find(({ id }) => id === record.edges[0]);
  const trigger = edge === undefined ? "" : edgeText(edge).trigger;
  return trigger === "" || trigger === "at once" || trigger === "*" ? eventLabel(record.event) : trigger;
}

/** The state that the last of the record's edges leads to. */
function targetOf({ edges }: Chart, record: EventRecord): string {
  const targets = record.edges.flatMap((id) => edges.find((edge) => edge.id === id)?.to ?? []);
  return targets.at(-1) ?? stateText(record.state);
}
