// The ways of a request and of a report through the worker, as the diagrams of docs/architecture.md. `npm run diagrams` writes them.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A step of a way. */
export interface Step {
  /** A folder of the tree, or a party outside of the worker. */
  readonly at: string;
  /** The actor there that sends and receives events. */
  readonly actor?: string;
  /** What happens there; empty for a party outside. */
  readonly does: string;
  /** Ids of the steps that follow, each with what is passed to it. */
  readonly next: Readonly<Record<string, string>>;
}

type Way = Readonly<Record<string, Step>>;

/** Parties outside of the worker. */
export const OUTSIDE = ["client", "model server", "engine"];

export const WAYS: Readonly<Record<string, Way>> = {
  request: {
    client: { at: "client", does: "", next: { server: "HTTP request, WebSocket" } },
    server: {
      at: "src/worker/server",
      does: "reads the head; 400, 431",
      next: { routes: "request, responder" },
    },
    routes: { at: "src/worker/routes", does: "finds the handler; 404, 405", next: { envelope: "body" } },
    envelope: {
      at: "src/worker/request",
      does: "reads the envelope; 413, 422",
      next: { auth: "auth_data" },
    },
    auth: { at: "src/worker/auth", does: "verifies the signature; 401, 409", next: { admission: "payload" } },
    admission: {
      at: "src/worker/request",
      actor: "edge",
      does: "calculates the workload, admits; 429, 503",
      next: { queue: "request.arrived", ledger: "rejected" },
    },
    queue: {
      at: "machines",
      actor: "queue",
      does: "grants turns",
      next: { exchange: "request.granted" },
    },
    exchange: {
      at: "src/worker/request",
      actor: "edge",
      does: "runs the request, limits its time",
      next: { model: "payload", answer: "payload of a function" },
    },
    model: {
      at: "src/worker/model",
      does: "sends it, reads the answer; 502, 504",
      next: { modelServer: "HTTP", answer: "pieces" },
    },
    modelServer: { at: "model server", does: "", next: {} },
    answer: {
      at: "src/worker/answer",
      does: "relays, or runs a function; 500",
      next: { response: "pieces", over: "end" },
    },
    response: {
      at: "src/worker/server",
      does: "writes as fast as the client reads",
      next: { receiver: "answer" },
    },
    receiver: { at: "client", does: "", next: {} },
    over: {
      at: "src/worker/request",
      actor: "edge",
      does: "ends the request, once",
      next: { place: "request.ended", ledger: "outcome" },
    },
    place: { at: "machines", actor: "queue", does: "frees the place", next: {} },
    ledger: { at: "src/worker/report", does: "ledger: counts", next: {} },
  },
  report: {
    edge: {
      at: "src/worker/request",
      actor: "edge",
      does: "a request was admitted or has ended",
      next: { ledger: "workload, outcome", worker: "ledger.changed" },
    },
    ledger: {
      at: "src/worker/report",
      does: "keeps each count until it is confirmed",
      next: { deliver: "figures" },
    },
    worker: {
      at: "machines",
      actor: "worker",
      does: "its state, the capacity",
      next: { reporter: "report.due, worker.changed" },
    },
    reporter: {
      at: "machines",
      actor: "reporter",
      does: "gathers, sends, retries, backs off",
      next: { deliver: "invokes" },
    },
    deliver: {
      at: "src/worker/report",
      does: "tries each address",
      next: { engine: "POST /worker_status/, /delete_requests/", confirmed: "2xx" },
    },
    engine: { at: "engine", does: "", next: {} },
    confirmed: { at: "src/worker/report", does: "ledger: subtracts what was confirmed", next: {} },
  },
};

/** A way as a flowchart of mermaid. */
export function flowchartOf(way: Way): string {
  const nodes = Object.entries(way).map(([id, { at, actor, does }]) =>
    does === ""
      ? `  ${id}([${at}])`
      : `  ${id}["<b>${at}</b><br/>${actor === undefined ? "" : `${actor}: `}${does}"]`,
  );
  const edges = Object.entries(way).flatMap(([id, { next }]) =>
    Object.entries(next).map(([to, label]) =>
      label === "" ? `  ${id} --> ${to}` : `  ${id} -->|"${label}"| ${to}`,
    ),
  );
  return ["flowchart TD", ...nodes, ...edges].join("\n");
}

/** The page with each diagram as it is now, in the block of mermaid below the heading that ends with its name. */
export function withWays(page: string): string {
  return Object.entries(WAYS).reduce(
    (text, [name, way]) =>
      text.replace(
        new RegExp(`(^## The way of a ${name}$[\\s\\S]*?^\`\`\`mermaid\\n)[\\s\\S]*?(^\`\`\`$)`, "m"),
        (_, before: string, after: string) => `${before}${flowchartOf(way)}\n${after}`,
      ),
    page,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = fileURLToPath(new URL("../docs/architecture.md", import.meta.url));
  writeFileSync(page, withWays(readFileSync(page, "utf8")));
}
