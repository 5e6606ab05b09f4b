import type { RequestRecord } from "../../recorder/frames.js";
import { clockText, durationText } from "./format.js";
import { type Phase, phasesOf, totalOf, waitOf } from "./phases.js";
import "./phase-bar.css";

/** A request in the table. Its button is as large as the row. */
export function RequestRow(props: {
  readonly record: RequestRecord;
  readonly isSelected: boolean;
  readonly onSelect: (record: RequestRecord) => void;
}) {
  const { record, isSelected, onSelect } = props;
  const wait = waitOf(record);
  return (
    <tr class={isSelected ? "is-selected" : undefined}>
      <td class="is-code is-time">{clockText(record.endedAt)}</td>
      <td class="is-code">
        <button type="button" aria-pressed={isSelected} onClick={() => onSelect(record)} title={record.id}>
          {record.id}
        </button>
      </td>
      <td title={record.route}>{record.route}</td>
      <td class="is-extra" title={record.queue}>
        {record.queue}
      </td>
      <td class="is-extra is-code" title={record.session}>
        {record.session ?? "–"}
      </td>
      <td class="is-extra is-number">{record.workload ?? "–"}</td>
      <td class={`outcome outcome-${record.outcome}`}>{record.outcome}</td>
      <td class="is-number">{record.status}</td>
      <td class="is-number">{wait === undefined ? "–" : durationText(wait)}</td>
      <td class="is-number">{durationText(totalOf(record))}</td>
      <td>
        <PhaseBar phases={phasesOf(record)} />
      </td>
    </tr>
  );
}

/** The class that gives a phase its colour. */
export const phaseClass = ({ name }: Pick<Phase, "name">): string => `phase phase-${name.replace(" ", "-")}`;

/** Where a request's time went, in one line. */
function PhaseBar({ phases }: { readonly phases: readonly Phase[] }) {
  return (
    <span class="phase-bar" title={phases.map(({ name, ms }) => `${name} ${durationText(ms)}`).join(" · ")}>
      {phases.map((phase) => (
        <span key={phase.name} class={phaseClass(phase)} style={{ flexGrow: phase.share }} />
      ))}
    </span>
  );
}
