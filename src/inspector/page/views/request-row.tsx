import type { RequestRecord } from "../../recorder/frames.js";
import { clockText } from "./clock-text.js";
import { durationText } from "./duration-text.js";
import { PhaseBar } from "./phase-bar.js";
import { phasesOf, totalOf, waitOf } from "./phases.js";

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
