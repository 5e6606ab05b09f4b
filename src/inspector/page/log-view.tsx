import { useComputed } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { useInspector, useSelection } from "./inspector.js";
import { compileFilter } from "./log-filter.js";
import { LogRow } from "./log-row.js";
import { LogTools } from "./log-tools.js";
import { VirtualList } from "./virtual-list.js";
import "./log-view.css";

/** Pixels. */
const ROW_HEIGHT = 22;
const PAGE_ROWS = 20;

/** The log, the newest record at the bottom. */
export function LogView() {
  const inspector = useInspector();
  const { store, filter, record, isLogOfActor } = inspector;
  const actor = useComputed(() => (isLogOfActor.value ? inspector.actor.value : undefined)).value;
  const ref = actor?.ref;
  const id = actor?.id;
  const settings = filter.value;
  const compiled = useMemo(
    () =>
      compileFilter({
        ...settings,
        actor: ref === undefined || id === undefined ? undefined : { ref, id },
      }),
    [settings, ref, id],
  );
  const selection = useSelection(compiled.ok ? compiled.test : nothing);
  const selected = record.value;
  const cursor = store.cursor.value;
  const place = selected === undefined ? -1 : indexOfRecord(selected);

  function indexOfRecord(n: number): number {
    const index = selection.indexOf(store.history.positionOf(n));
    // A gap bears the number of the record before it.
    for (let each = index; each >= 0 && selection.at(each)?.n === n; each -= 1)
      if (selection.at(each)?.kind === "record") return each;
    return -1;
  }

  /** Selects the next record in a direction, over gaps. */
  const move = (from: number, step: 1 | -1): void => {
    for (let index = from; index >= 0 && index < selection.length; index += step) {
      const entry = selection.at(index);
      if (entry?.kind !== "record") continue;
      record.value = entry.n;
      return;
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const last = selection.length - 1;
    const here = place < 0 ? last + 1 : place;
    switch (event.key) {
      case "ArrowDown":
      case "j":
        move(here + 1, 1);
        break;
      case "ArrowUp":
      case "k":
        move(here - 1, -1);
        break;
      case "PageDown":
        move(Math.min(here + PAGE_ROWS, last), 1);
        break;
      case "PageUp":
        move(Math.max(here - PAGE_ROWS, 0), -1);
        break;
      case "Home":
        move(0, 1);
        break;
      case "End":
        move(last, -1);
        break;
      case "Enter":
        if (selected !== undefined) inspector.travel(selected);
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  const kept = store.history.entries.end - store.history.entries.start;
  return (
    <section class="log" aria-label="Log">
      <LogTools
        fault={compiled.ok ? undefined : compiled.message}
        shown={selection.length}
        kept={kept}
        onKeyDown={onKeyDown}
      />
      <div class="log-row log-titles" aria-hidden="true">
        <span>time</span>
        <span>sender → receiver</span>
        <span>event</span>
        <span>state</span>
        <span>outcome</span>
      </div>
      {selection.length === 0 && (
        <p class="empty">
          {kept === 0 ? "Nothing has happened yet." : "Nothing that is kept passes the filter."}
        </p>
      )}
      <VirtualList
        count={selection.length}
        first={selection.first}
        rowHeight={ROW_HEIGHT}
        sticks
        focus={place}
        attributes={{
          role: "listbox",
          tabIndex: 0,
          "aria-label": "Records",
          "aria-activedescendant": `record-${selected}`,
          onKeyDown,
        }}
        row={(index) => {
          const entry = selection.at(index);
          return entry === undefined ? null : (
            <LogRow
              key={selection.first + index}
              entry={entry}
              isSelected={index === place}
              isLater={cursor !== undefined && entry.n > cursor}
              onSelect={() => {
                if (entry.kind === "record") record.value = entry.n;
              }}
              onTravel={() => inspector.travel(entry.n)}
            />
          );
        }}
      />
    </section>
  );
}

const nothing = (): boolean => false;
