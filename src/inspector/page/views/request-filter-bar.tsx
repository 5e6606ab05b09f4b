import type { RequestRecord } from "../../recorder/frames.js";
import type { RequestFilter } from "./request-list.js";

const OUTCOMES: readonly RequestRecord["outcome"][] = ["success", "error", "rejected", "cancelled"];
const PHASES = ["check", "wait", "first byte", "stream"] as const;

/** The filter of the requests, and the legend of their bars' colours. */
export function RequestFilterBar(props: {
  readonly filter: RequestFilter;
  readonly routes: readonly string[];
  readonly shown: number;
  readonly all: number;
  readonly onChange: (filter: RequestFilter) => void;
}) {
  const { filter, routes, shown, all, onChange } = props;
  return (
    <div class="requests-filter">
      <select
        aria-label="Route"
        value={filter.route ?? ""}
        onChange={({ currentTarget: { value } }) =>
          onChange({ ...filter, route: value === "" ? undefined : value })
        }
      >
        <option value="">all routes</option>
        {routes.map((route) => (
          <option key={route}>{route}</option>
        ))}
      </select>
      <select
        aria-label="Outcome"
        value={filter.outcome ?? ""}
        onChange={({ currentTarget: { value } }) =>
          onChange({ ...filter, outcome: OUTCOMES.find((outcome) => outcome === value) })
        }
      >
        <option value="">all outcomes</option>
        {OUTCOMES.map((outcome) => (
          <option key={outcome}>{outcome}</option>
        ))}
      </select>
      <label>
        at least
        <input
          type="number"
          min="0"
          step="50"
          placeholder="0"
          value={filter.atLeastMs === 0 ? "" : filter.atLeastMs}
          onInput={({ currentTarget: { value } }) =>
            onChange({ ...filter, atLeastMs: Math.max(0, Number(value) || 0) })
          }
        />
        ms
      </label>
      <span class="requests-count">
        {shown === all ? "" : `${shown.toLocaleString("en")} of `}
        {all.toLocaleString("en")} requests
      </span>
      <ul aria-label="Colours of the phases">
        {PHASES.map((name) => (
          <li key={name} class={`phase-key phase-${name.replace(" ", "-")}`}>
            {name}
          </li>
        ))}
      </ul>
    </div>
  );
}
