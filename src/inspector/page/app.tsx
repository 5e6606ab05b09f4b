import { useEffect } from "preact/hooks";
import { Banners } from "./banners.js";
import { connectionText } from "./connection-status.js";
import { Details } from "./details.js";
import { Header } from "./header.js";
import { Help } from "./help.js";
import type { Inspector } from "./inspector.js";
import { listenToKeys } from "./keys.js";
import { Tabs } from "./tabs.js";
import { TimeStrip } from "./time-strip.js";
import { TreeView } from "./tree-view.js";
import { InspectorContext } from "./use-inspector.js";
import "./style.css";

/** The whole page. */
export function App({ inspector }: { readonly inspector: Inspector }) {
  useEffect(() => listenToKeys(inspector), [inspector]);
  const hasBegun = inspector.store.hello.value !== undefined;
  return (
    <InspectorContext.Provider value={inspector}>
      <div class="page">
        <Header />
        <Banners />
        {hasBegun ? (
          <div class={inspector.record.value === undefined ? "body" : "body with-details"}>
            <TreeView />
            <Tabs />
            <Details />
          </div>
        ) : (
          <Waiting inspector={inspector} />
        )}
        {hasBegun && <TimeStrip />}
      </div>
      <Help />
    </InspectorContext.Provider>
  );
}

function Waiting({ inspector }: { readonly inspector: Inspector }) {
  const status = inspector.connection.status.value;
  return (
    <main class="waiting">
      <p>
        {status.kind === "live"
          ? "Waiting for the worker"
          : `No worker to show yet: ${connectionText(status)}`}
      </p>
    </main>
  );
}
