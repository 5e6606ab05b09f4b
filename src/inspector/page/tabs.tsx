import type { ComponentChildren } from "preact";
import { useCallback, useMemo, useRef } from "preact/hooks";
import type { EventRecord, RequestRecord } from "../recorder/frames.js";
import { ErrorsView } from "./errors-view.js";
import type { Entry } from "./history.js";
import { type Tab, useInspector, useSelection } from "./inspector.js";
import { LogView } from "./log-view.js";
import { MachineView } from "./machine-view.js";
import { RequestsView } from "./views/requests-view.js";
import { SamplesView } from "./views/samples-view.js";
import { SequenceView } from "./views/sequence-view.js";

/** In the order of their keys, 1 to 6. */
export const TABS: readonly { readonly tab: Tab; readonly title: string }[] = [
  { tab: "machine", title: "Machine" },
  { tab: "log", title: "Log" },
  { tab: "sequence", title: "Sequence" },
  { tab: "requests", title: "Requests" },
  { tab: "charts", title: "Charts" },
  { tab: "errors", title: "Errors" },
];

/** The middle of the page. */
export function Tabs() {
  const { tab, store } = useInspector();
  store.version.value;
  const list = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    const place = TABS.findIndex((each) => each.tab === tab.peek());
    const next = TABS.at((place + by) % TABS.length)?.tab;
    if (by === 0 || next === undefined) return;
    tab.value = next;
    list.current?.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
    event.preventDefault();
  };
  return (
    <main class="middle">
      <div class="tabs" role="tablist" ref={list} onKeyDown={onKeyDown}>
        {TABS.map((each, index) => (
          <button
            key={each.tab}
            type="button"
            role="tab"
            id={`tab-${each.tab}`}
            aria-selected={tab.value === each.tab}
            tabIndex={tab.value === each.tab ? 0 : -1}
            aria-controls="panel"
            title={`Key ${index + 1}`}
            onClick={() => {
              tab.value = each.tab;
            }}
          >
            {each.title}
            {each.tab === "errors" && store.errors.total > 0 && (
              <span class="tab-badge">{store.errors.total.toLocaleString("en")}</span>
            )}
          </button>
        ))}
      </div>
      <div class="panel" id="panel" role="tabpanel" aria-labelledby={`tab-${tab.value}`}>
        {panelOf(tab.value)}
      </div>
    </main>
  );
}

function panelOf(tab: Tab): ComponentChildren {
  switch (tab) {
    case "machine":
      return <MachineView />;
    case "log":
      return <LogView />;
    case "sequence":
      return <Sequence />;
    case "requests":
      return <Requests />;
    case "charts":
      return <Samples />;
    case "errors":
      return <ErrorsView />;
  }
}

/** How many messages a diagram shows, and requests a table. */
const SEQUENCE_LENGTH = 1000;
const REQUESTS_LENGTH = 1000;

const isRequest = (entry: Entry): boolean => entry.kind === "record" && entry.record.kind === "request";

/** The last messages from and to the selected actor, up to the moment of the past that is shown. */
function Sequence() {
  const { actor, record, store } = useInspector();
  const ref = actor.value?.ref;
  const id = actor.value?.id;
  const test = useCallback(
    (entry: Entry): boolean =>
      entry.kind === "record" &&
      entry.record.kind === "event" &&
      (entry.record.ref === ref || entry.record.sender === id),
    [ref, id],
  );
  const selection = useSelection(test);
  const cursor = store.cursor.value;
  const last =
    cursor === undefined ? selection.length - 1 : selection.indexOf(store.history.positionOf(cursor));
  const key = `${selection.first + last}`;
  const records = useMemo(() => eventsOf(selection.upTo(last, SEQUENCE_LENGTH)), [selection, key]);
  return (
    <SequenceView
      records={records}
      actor={id}
      selected={record.value}
      onSelect={(n) => {
        record.value = n;
      }}
    />
  );
}

function Requests() {
  const { record } = useInspector();
  const selection = useSelection(isRequest);
  const key = selection.first + selection.length;
  const requests = useMemo(
    () => requestsOf(selection.upTo(selection.length - 1, REQUESTS_LENGTH)),
    [selection, key],
  );
  return (
    <RequestsView
      requests={requests}
      onSelect={({ n }) => {
        record.value = n;
      }}
    />
  );
}

function Samples() {
  const { store } = useInspector();
  return <SamplesView samples={store.samples.value} />;
}

function eventsOf(entries: readonly Entry[]): readonly EventRecord[] {
  return entries.flatMap((entry) =>
    entry.kind === "record" && entry.record.kind === "event" ? [entry.record] : [],
  );
}

function requestsOf(entries: readonly Entry[]): readonly RequestRecord[] {
  return entries.flatMap((entry) =>
    entry.kind === "record" && entry.record.kind === "request" ? [entry.record] : [],
  );
}
