import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pack } from "msgpackr";
import { type WebSocket, WebSocketServer } from "ws";
import type { Chart } from "../../src/inspector/chart/chart.js";
import type {
  ActorKind,
  ActorRow,
  Hello,
  InspectRecord,
  StateValue,
  Tick,
} from "../../src/inspector/recorder/frames.js";
import { pageFiles } from "../../src/inspector/server/page-files.js";

/** A made-up worker that the inspector's page shows: for tests of the page that no worker gets into at will. */
export class InspectFeed {
  readonly url: string;
  /** Number of the next record. */
  n = 1;
  readonly #server: ReturnType<typeof createServer>;
  readonly #sockets: WebSocketServer;
  readonly #rows = new Map<string, ActorRow>();
  readonly #records: InspectRecord[] = [];
  readonly #startedAt = Date.now();
  #tick: { -readonly [Key in keyof Tick]: Tick[Key] } = emptyTick();

  private constructor(server: ReturnType<typeof createServer>, token: string | undefined) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/inspect`;
    this.#sockets = new WebSocketServer({ server, path: "/inspect/socket" });
    this.#sockets.on("connection", (socket, { url = "" }) => {
      const given = new URL(url, this.url).searchParams.get("token");
      if (token !== undefined && given !== token) socket.close(4401, "wrong token");
      else socket.send(pack(this.#hello()));
    });
  }

  static async start({ port = 0, token }: { port?: number; token?: string } = {}): Promise<InspectFeed> {
    const files = new Map(pageFiles().map((file) => [file.path, file]));
    const server = createServer(({ url = "" }, response) => {
      const path = new URL(url, "http://localhost").pathname.replace(/^\/inspect\/?/, "");
      const file = files.get(path);
      if (file === undefined) response.writeHead(404).end();
      else response.setHeader("content-type", file.contentType).end(file.body);
    });
    await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
    return new InspectFeed(server, token);
  }

  get pages(): ReadonlySet<WebSocket> {
    return this.#sockets.clients;
  }

  actor(ref: string, kind: ActorKind, parent: string | undefined, state?: StateValue): void {
    const at = Date.now();
    this.update({ ref, id: ref, parent, kind, status: "active", state, since: at, events: 0 });
    this.event(ref, "xstate.init", { sender: parent });
  }

  row(ref: string): ActorRow {
    const row = this.#rows.get(ref);
    if (row === undefined) throw new Error(`no actor ${ref}`);
    return row;
  }

  update(row: ActorRow): void {
    this.#rows.set(row.ref, row);
    this.#tick.actors = [...this.#tick.actors.filter(({ ref }) => ref !== row.ref), row];
  }

  /** An actor takes an event, and comes into another state by it. */
  event(
    ref: string,
    event: string,
    more: {
      readonly sender?: string | undefined;
      readonly state?: StateValue;
      readonly payload?: Readonly<Record<string, string | number>>;
      readonly context?: Readonly<Record<string, string | number | null>>;
      readonly edges?: readonly string[];
    } = {},
  ): void {
    const at = Date.now();
    const old = this.row(ref);
    const state = more.state ?? old.state;
    const since = more.state === undefined ? old.since : at;
    this.update({ ...old, state, since, events: old.events + 1 });
    this.record({
      kind: "event",
      n: this.n,
      at,
      ref,
      actor: old.id,
      sender: more.sender,
      event,
      payload: { type: event, ...more.payload },
      status: "active",
      state,
      ...(more.context === undefined ? {} : { context: more.context }),
      edges: more.edges ?? [],
    });
  }

  end(ref: string): void {
    this.#rows.delete(ref);
    this.#tick.actors = this.#tick.actors.filter((row) => row.ref !== ref);
    this.#tick.gone = [...this.#tick.gone, ref];
  }

  /** @param record numbered {@link n}. */
  record(record: InspectRecord): void {
    this.n += 1;
    this.#records.push(record);
    if (this.#records.length > 5000) this.#records.shift();
    this.#tick.records = [...this.#tick.records, record];
  }

  /** Sends what has happened since the tick before. */
  tick(more: Partial<Tick> = {}): void {
    const bytes = pack({ ...this.#tick, ...more, at: Date.now() } satisfies Tick);
    this.#tick = emptyTick();
    for (const socket of this.#sockets.clients) socket.send(bytes);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#sockets.close();
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  #hello(): Hello {
    return {
      type: "hello",
      format: 1,
      version: "0.1.0",
      url: "http://127.0.0.1:3000",
      startedAt: this.#startedAt,
      at: Date.now(),
      charts: { worker: WORKER_CHART },
      actors: [...this.#rows.values()],
      actorsLeftOut: 0,
      records: [...this.#records],
      samples: [],
      lanes: [],
      timers: [],
    };
  }
}

const emptyTick = (): Tick => ({
  type: "tick",
  at: Date.now(),
  actors: [],
  gone: [],
  actorsLeftOut: 0,
  records: [],
  leftOut: {},
});

const WORKER_STATES = ["loading", "benchmarking", "ready", "errored"];
const WORKER_CHART: Chart = {
  id: "worker",
  root: {
    path: "",
    key: "worker",
    kind: "compound",
    initial: "loading",
    entry: [],
    exit: [],
    invokes: [],
    children: WORKER_STATES.map((key) => ({
      path: key,
      key,
      kind: "atomic",
      entry: [],
      exit: [],
      invokes: [],
      children: [],
    })),
  },
  edges: [
    ["loading", "benchmarking", "model.loaded"],
    ["benchmarking", "ready", "xstate.done.actor.benchmark"],
    ["ready", "errored", "model.failed"],
    ["errored", "ready", "model.loaded"],
  ].map(([from = "", to = "", event = ""]) => ({
    id: `${from}.${event}`,
    from,
    to,
    on: { kind: "event", event },
    actions: [],
  })),
};
