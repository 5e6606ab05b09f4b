import { stateText } from "../chart/state-text.js";
import type { ActorLine } from "./actor-tree.js";
import { countText } from "./count-text.js";
import { useInspector } from "./use-inspector.js";
import { durationText } from "./views/duration-text.js";

/** What the tree tells of an actor beside its name. */
export function TreeCells({ line }: { readonly line: ActorLine }) {
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
