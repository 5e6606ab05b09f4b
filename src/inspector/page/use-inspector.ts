import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Inspector } from "./inspector.js";

export const InspectorContext = createContext<Inspector | undefined>(undefined);

/** The inspector that a component is part of. */
export function useInspector(): Inspector {
  const inspector = useContext(InspectorContext);
  if (inspector === undefined) throw new Error("expected an InspectorContext around this component");
  return inspector;
}
