import type { RequestRecord } from "../../recorder/frames.js";
import { clockText } from "./format.js";
import { phasesOf, totalOf } from "./phases.js";
import { phaseClass } from "./request-row.js";
import "./request-waterfall.css";

const milliseconds = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const msText = (ms: number): string => `${milliseconds.format(ms)} ms`;
const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;

/** Details of a request besides its phases; undefined: it has none. */
const factsOf = (record: RequestRecord): readonly (readonly [string, string | number | undefined])[] => [
  ["route", record.route],
  ["queue", record.queue],
  ["session", record.session],
  ["request index", record.requestIdx],
  ["workload", record.workload],
  ["outcome", `${record.outcome}, ${record.status}`],
  ["arrived", clockText(record.arrivedAt)],
  ["ended", clockText(record.endedAt)],
];

/** A request from its arrival to its end, phase by phase. */
export function RequestWaterfall(props: { readonly record: RequestRecord; readonly onClose: () => void }) {
  const { record, onClose } = props;
  return (
    <section class="waterfall" aria-label="Selected request">
      <header>
        <h3>{record.id}</h3>
        <button type="button" onClick={onClose} aria-label="Close">
          ×
        </button>
      </header>
      <dl>
        {factsOf(record).map(([name, value]) =>
          value === undefined ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
        )}
      </dl>
      <table>
        <tbody>
          {phasesOf(record).map((phase) => (
            <tr key={phase.name}>
              <th scope="row">{phase.name}</th>
              <td class="waterfall-track">
                <span
                  class={phaseClass(phase)}
                  style={{ left: percent(leftOf(record, phase.from)), width: percent(phase.share) }}
                />
              </td>
              <td class="is-length">{msText(phase.ms)}</td>
              <td class="is-share">{percent(phase.share)}</td>
            </tr>
          ))}
          <tr class="waterfall-total">
            <th scope="row">total</th>
            <td />
            <td>{msText(totalOf(record))}</td>
            <td />
          </tr>
        </tbody>
      </table>
    </section>
  );
}

/** Where a phase begins, as a share of the request's whole time. */
function leftOf(record: RequestRecord, from: number): number {
  const total = totalOf(record);
  return total === 0 ? 0 : from / total;
}
