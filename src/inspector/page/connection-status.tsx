import type { ConnectionStatus } from "./connection.js";
import { useInspector } from "./use-inspector.js";

/** Whether the page hears of the worker, and if not, why. */
export function ConnectionLine() {
  const { connection, source } = useInspector();
  if (source.value.kind === "recording") return <span class="connection connection-off">recording</span>;
  const status = connection.status.value;
  return (
    <span class={`connection connection-${status.kind}`} role="status" data-testid="connection">
      {connectionText(status)}
      {status.kind === "closed" && (
        <button type="button" onClick={() => connection.open()}>
          Reconnect
        </button>
      )}
    </span>
  );
}

/** How the connection is, in words. */
export function connectionText(status: ConnectionStatus): string {
  switch (status.kind) {
    case "live":
      return "live";
    case "connecting":
      return status.after === undefined ? "connecting" : `${status.after}, connecting`;
    case "closed":
      return status.retries ? `${status.reason}, trying again` : status.reason;
  }
}
