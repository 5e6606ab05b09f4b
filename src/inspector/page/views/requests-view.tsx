import { useMemo, useState } from "preact/hooks";
import type { RequestRecord } from "../../recorder/frames.js";
import { pixels } from "./format.js";
import { RequestFilterBar } from "./request-filter-bar.js";
import { REQUEST_COLUMNS, type RequestFilter, type RequestOrder, requestList } from "./request-list.js";
import { RequestRow } from "./request-row.js";
import { RequestWaterfall } from "./request-waterfall.js";
import { useAnchor, useViewport } from "./use-viewport.js";
import "./requests-view.css";

/** Pixels, as the style sheet has it. */
const ROW = 28;
/** Rows that are drawn above and below those in view. */
const AROUND = 6;

const EVERYTHING: RequestFilter = { route: undefined, outcome: undefined, atLeastMs: 0 };

function Head(props: { readonly order: RequestOrder; readonly onOrder: (order: RequestOrder) => void }) {
  return (
    <thead>
      <tr>
        {REQUEST_COLUMNS.map(({ name, look, order }) => {
          const isSorted = order === props.order;
          return (
            <th key={name} scope="col" class={look} aria-sort={isSorted ? "descending" : undefined}>
              {order === undefined ? (
                name
              ) : (
                <button type="button" onClick={() => props.onOrder(order)}>
                  {name}
                  {isSorted ? " ↓" : ""}
                </button>
              )}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

/** Gives the focus to the request before or behind the one that has it. */
function moveFocus(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const row = event.target instanceof HTMLElement ? event.target.closest("tbody tr") : null;
  const next = event.key === "ArrowDown" ? row?.nextElementSibling : row?.previousElementSibling;
  const button = next?.querySelector("button");
  if (!button) return;
  event.preventDefault();
  button.focus();
  button.click();
}

/**
 * Requests that have ended, the newest first, and where the time of each went.
 *
 * @param props.requests oldest first.
 * @param props.onSelect is called with the request that is selected.
 */
export function RequestsView(props: {
  readonly requests: readonly RequestRecord[];
  readonly onSelect: (record: RequestRecord) => void;
}) {
  const { requests, onSelect } = props;
  const [filter, setFilter] = useState(EVERYTHING);
  const [order, setOrder] = useState<RequestOrder>("newest");
  const [selected, setSelected] = useState<RequestRecord | undefined>(undefined);
  const [ref, viewport, scrollTo] = useViewport<HTMLDivElement>();
  const list = useMemo(() => requestList(requests, filter, order), [requests, filter, order]);
  const routes = useMemo(() => [...new Set(requests.map(({ route }) => route))].sort(), [requests]);
  useAnchor(list, ROW, ref, scrollTo);

  const first = Math.max(0, Math.floor(viewport.top / ROW) - AROUND);
  const behind = Math.ceil((viewport.top + viewport.height) / ROW) + AROUND;
  const select = (record: RequestRecord): void => {
    setSelected(record);
    onSelect(record);
  };
  return (
    <div class="requests">
      <RequestFilterBar
        filter={filter}
        routes={routes}
        shown={list.length}
        all={requests.length}
        onChange={setFilter}
      />
      <div class="requests-scroll" ref={ref}>
        <table onKeyDown={moveFocus}>
          <Head order={order} onOrder={setOrder} />
          <tbody
            style={{
              height: pixels(list.length * ROW),
              paddingTop: pixels(Math.min(first, list.length) * ROW),
            }}
          >
            {list.slice(first, behind).map((record) => (
              <RequestRow
                key={record.n}
                record={record}
                isSelected={record.n === selected?.n}
                onSelect={select}
              />
            ))}
          </tbody>
        </table>
        {list.length === 0 && (
          <p class="requests-empty">
            {requests.length === 0 ? "No request has ended yet." : "No request fits the filter."}
          </p>
        )}
      </div>
      {selected !== undefined && (
        <RequestWaterfall record={selected} onClose={() => setSelected(undefined)} />
      )}
    </div>
  );
}
