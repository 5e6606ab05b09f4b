import { render } from "preact";
import { useEffect } from "preact/hooks";
import { Banners } from "./banners.js";
import { loadLayouts } from "./chart/chart-layouts.js";
import { socketAddress } from "./connection.js";
import { Details } from "./details.js";
import { connectionText, Header } from "./header.js";
import { Inspector, InspectorContext } from "./inspector.js";
import { Help, listenToKeys } from "./keys.js";
import { Tabs } from "./tabs.js";
import { TimeStrip } from "./time-strip.js";
import { TreeView } from "./tree-view.js";
import "./style.css";
import "./layout.css";
import "./widgets.css";

/** The whole page. */
function App({ inspector }: { readonly inspector: Inspector }) {
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

const TOKEN = "tsworker.inspector.token";

/**
 * The token of the page's address, `?token=`. It is taken out of the visible address, so that it does not end up in
 * screenshots and bookmarks, and kept for as long as the tab lives.
 */
function takeToken(): string | undefined {
  const url = new URL(location.href);
  const given = url.searchParams.get("token");
  if (given === null) return sessionStorage.getItem(TOKEN) ?? undefined;
  sessionStorage.setItem(TOKEN, given);
  url.searchParams.delete("token");
  history.replaceState(history.state, "", url);
  return given;
}

const root = document.getElementById("app");
if (root !== null) {
  const token = takeToken();
  const inspector = new Inspector(socketAddress(location.href, token));
  inspector.start();
  void loadLayouts();
  render(<App inspector={inspector} />, root);
}
