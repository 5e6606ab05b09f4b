import { useSignal } from "@preact/signals";
import { type ActorLine, type TreeLine, treeLines } from "./actor-tree.js";
import { useInspector } from "./inspector.js";
import { VirtualList } from "./virtual-list.js";
import "./tree-view.css";
import { stateText } from "../chart/state-value.js";
import { countText, durationText } from "./views/format.js";

/** Pixels. */
const ROW_HEIGHT = 24;

/** All actors, parents above their children. */
export function TreeView() {
  const inspector = useInspector();
  const { store, actor } = inspector;
  const filter = useSignal("");
  const toggled = useSignal<ReadonlyMap<string, boolean>>(new Map());
  // A group has no details, but it can be selected with the keys.
  const group = useSignal<string | undefined>(undefined);
  store.version.value;
  const past = store.past.value;
  const lines = treeLines(store.actors, { filter: filter.value, toggled: toggled.value, past });
  const current = group.value ?? actor.value?.ref;
  const place = lines.findIndex(({ key }) => key === current);

  const toggle = (line: TreeLine, isOpen: boolean): void => {
    toggled.value = new Map(toggled.peek()).set(line.key, isOpen);
  };
  const select = (line: TreeLine | undefined): void => {
    if (line === undefined) return;
    group.value = line.kind === "group" ? line.key : undefined;
    if (line.kind === "actor") inspector.selectActor(line.key);
  };
  const parentOf = (index: number): TreeLine | undefined => {
    const depth = lines[index]?.depth ?? 0;
    return lines.slice(0, Math.max(0, index)).findLast((line) => line.depth < depth);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const line = lines[place];
    const page = 10;
    switch (event.key) {
      case "ArrowDown":
        select(lines[Math.min(place + 1, lines.length - 1)]);
        break;
      case "ArrowUp":
        select(lines[Math.max(place - 1, 0)]);
        break;
      case "PageDown":
        select(lines[Math.min(place + page, lines.length - 1)]);
        break;
      case "PageUp":
        select(lines[Math.max(place - page, 0)]);
        break;
      case "Home":
        select(lines[0]);
        break;
      case "End":
        select(lines.at(-1));
        break;
      case "ArrowRight":
        if (line !== undefined && isFoldable(line) && !line.isOpen) toggle(line, true);
        else select(lines[place + 1]);
        break;
      case "ArrowLeft":
        if (line !== undefined && isFoldable(line) && line.isOpen) toggle(line, false);
        else select(parentOf(place));
        break;
      case "Enter":
        if (line?.kind === "group") toggle(line, !line.isOpen);
        else inspector.tab.value = "machine";
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  const total = store.actors.size + store.actorsLeftOut.value;
  return (
    <nav class="tree" aria-label="Actors">
      <div class="tree-head">
        <input
          type="search"
          placeholder={`Filter ${total.toLocaleString("en")} actors`}
          aria-label="Filter actors"
          value={filter.value}
          onInput={({ currentTarget }) => {
            filter.value = currentTarget.value;
          }}
        />
      </div>
      <div class="tree-row tree-titles" aria-hidden="true">
        <span>actor</span>
        <span title="The state; of a queue, who waits, and who runs of the limit">state, queue</span>
        <span title="How long the first one has been waiting">oldest</span>
        <span class="rate" title="Events per second">
          ev/s
        </span>
        <span title="Errors">err</span>
      </div>
      <VirtualList
        count={lines.length}
        rowHeight={ROW_HEIGHT}
        focus={place}
        attributes={{
          role: "tree",
          tabIndex: 0,
          "aria-label": "Actors",
          "aria-activedescendant": `tree-${place}`,
          onKeyDown,
        }}
        row={(index) => {
          const line = lines[index];
          return line === undefined ? null : (
            <div
              key={line.key}
              role="treeitem"
              id={`tree-${index}`}
              tabIndex={-1}
              aria-level={line.depth + 1}
              aria-selected={index === place}
              {...(isFoldable(line) ? { "aria-expanded": line.isOpen } : {})}
              class={`tree-row tree-of-${line.kind} ${index === place ? "selected" : ""}`}
              onClick={() => select(line)}
              onKeyDown={onKeyDown}
              onDblClick={() => isFoldable(line) && toggle(line, !line.isOpen)}
            >
              <Name line={line} onToggle={() => toggle(line, !line.isOpen)} />
              {line.kind === "actor" && <TreeCells line={line} />}
            </div>
          );
        }}
      />
      {store.actorsLeftOut.value > 0 && (
        <p class="tree-foot">{store.actorsLeftOut.value.toLocaleString("en")} more actors are not shown</p>
      )}
    </nav>
  );
}

function isFoldable(line: TreeLine): boolean {
  return line.kind === "group" || line.children > 0;
}

function Name({ line, onToggle }: { readonly line: TreeLine; readonly onToggle: () => void }) {
  return (
    <span class="tree-name" style={{ paddingLeft: `${line.depth * 12}px` }}>
      {isFoldable(line) ? (
        <button type="button" class="fold" tabIndex={-1} aria-label="Fold" onClick={onToggle}>
          {line.isOpen ? "▾" : "▸"}
        </button>
      ) : (
        <span class="fold" />
      )}
      {line.kind === "actor" ? (
        <span class="tree-id" title={line.row.id}>
          {line.row.id}
        </span>
      ) : (
        <span class="tree-group">
          {line.label} <b>{line.count.toLocaleString("en")}</b>
        </span>
      )}
    </span>
  );
}

/** The cells of an actor beside its name. */
function TreeCells({ line }: { readonly line: ActorLine }) {
  const { store } = useInspector();
  const { row, rate } = line;
  const errors = store.actors.errorsOf(row.id);
  const isQueue = row.lane !== undefined && row.status !== "error" && line.isKnown;
  return (
    <>
      {isQueue ? <Lane line={line} /> : <State line={line} />}
      <span class="num rate">{rate === undefined || rate === 0 ? "" : countText(rate)}</span>
      <span class="num bad">{errors === 0 ? "" : countText(errors)}</span>
    </>
  );
}

function State({ line: { row, state, isKnown } }: { readonly line: ActorLine }) {
  const text = row.status === "error" ? "died" : !isKnown ? "before the recording" : stateText(state);
  return (
    <span class={`tree-state ${isKnown ? "" : "unknown"}`} title={text}>
      {text}
    </span>
  );
}

/** A queue's numbers, which are known of the present only. */
function Lane({ line: { row, rate } }: { readonly line: ActorLine }) {
  const { now } = useInspector();
  const lane = rate === undefined ? undefined : row.lane;
  return (
    <>
      <span class={lane !== undefined && lane.waiting > 0 ? "num busy" : "num"}>
        {lane !== undefined && (
          <>
            <b>{lane.waiting}</b> · {lane.running}/{lane.limit ?? "∞"}
          </>
        )}
      </span>
      <span class="num">{lane?.oldestAt === undefined ? "" : durationText(now.value - lane.oldestAt)}</span>
    </>
  );
}
