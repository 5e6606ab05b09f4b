import { useMemo } from "preact/hooks";
import type { Entry } from "./entry.js";
import { Selection } from "./selection.js";
import { useInspector } from "./use-inspector.js";

/** The entries of the past that pass a test, kept up to date. The test has to be the same one each time. */
export function useSelection(test: (entry: Entry) => boolean): Selection<Entry> {
  const { store } = useInspector();
  const selection = useMemo(() => new Selection(store.history.entries, test), [store, test]);
  store.version.value;
  selection.follow();
  return selection;
}
