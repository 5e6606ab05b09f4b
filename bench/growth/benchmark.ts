import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { connect, type Socket } from "node:net";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Table from "cli-table3";
import { Engine } from "tsworker/engine";
import { markdownTable } from "../markdown-table.js";
import { median } from "../median.js";
import { answers, cpuSeconds, moveTo, otherCore, spawnOn, stop } from "../process.js";
import { workerEnvironment } from "../worker-environment.js";

export interface GrowthBenchmarkOptions {
  /** How many sessions are open, or requests wait, while the cost of one more is measured. */
  readonly sizes: readonly number[];
  /** Events that are measured at each size, in each round. */
  readonly events: number;
  readonly rounds: number;
  readonly core: number;
  /** File that the results are written to. */
  readonly page: string;
}

/** Requests at once: one connection's answer is handled while the next one's request is. */
const AT_ONCE = 16;

/** What is measured, in the order of the table's rows. */
const MEASURES = [
  "session: open and end",
  "session: request inside",
  "waiting: arrive and leave",
  "waiting: request beside",
  "waiting: take its turn",
] as const;
type Measure = (typeof MEASURES)[number];

/** A worker process, and a client of it. */
class MeasuredWorker {
  readonly #engine: Engine;
  readonly #worker: ChildProcess;
  readonly #port: number;
  readonly #httpPort: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

  private constructor(engine: Engine, worker: ChildProcess, port: number, httpPort: number) {
    this.#engine = engine;
    this.#worker = worker;
    this.#port = port;
    this.#httpPort = httpPort;
  }

  static async start(directory: string, core: number): Promise<MeasuredWorker> {
    const engine = new Engine({ endpoint: "bench", apiKey: "bench" });
    const { port, httpPort, env } = await workerEnvironment(await engine.start());
    await writeFile(join(directory, ".has_benchmark"), "1000");
    const script = fileURLToPath(new URL("./worker.js", import.meta.url));
    const worker = spawnOn(core, process.execPath, [script], { env, cwd: directory });
    const measured = new MeasuredWorker(engine, worker, port, httpPort);
    await answers(`http://127.0.0.1:${port}/quick`, measured.envelope(), worker);
    return measured;
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    await stop(this.#worker);
    await this.#engine.stop();
  }

  authData() {
    return this.#engine.authData({ url: `http://127.0.0.1:${this.#port}`, cost: 1 });
  }

  envelope(session?: { readonly id: string; readonly auth: unknown }): string {
    return JSON.stringify({
      auth_data: session?.auth ?? this.authData(),
      payload: {},
      ...(session && { session_id: session.id }),
    });
  }

  post(path: string, body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { port: this.#port, path, method: "POST", agent: this.#agent };
      const sent = request(options, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (piece: string) => {
          text += piece;
        });
        response.on("end", () => {
          const { statusCode = 0 } = response;
          if (statusCode < 300) resolve(text);
          else reject(new Error(`${path} answered ${statusCode}: ${text}`));
        });
      });
      sent.on("error", reject).end(body);
    });
  }

  /** A request on a connection of its own, of which nothing is read. */
  open(path: string): Promise<Socket> {
    const body = this.envelope();
    return new Promise((resolve, reject) => {
      const socket = connect(this.#port, "127.0.0.1", () => {
        socket.write(`POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
        resolve(socket);
      });
      socket.on("error", reject);
    });
  }

  /** Waits until so many requests wait in a queue. */
  async waiting(queue: string, count: number): Promise<void> {
    const line = `tsworker_queue_waiting_requests{queue="${queue}"} ${count}\n`;
    for (;;) {
      const response = await fetch(`http://127.0.0.1:${this.#httpPort}/metrics`);
      if ((await response.text()).includes(line)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** CPU microseconds of the worker for each event. */
  async cpuPerEvent(events: number, work: () => Promise<void>): Promise<number> {
    const pid = this.#worker.pid ?? 0;
    const before = await cpuSeconds(pid);
    await work();
    return (((await cpuSeconds(pid)) - before) / events) * 1e6;
  }
}

/** Does something so many times, a few at once. */
async function times(count: number, work: () => Promise<unknown>): Promise<void> {
  let left = count;
  const one = async (): Promise<void> => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

interface OpenSession {
  readonly id: string;
  readonly auth: unknown;
}

async function openSession(worker: MeasuredWorker): Promise<OpenSession> {
  const auth = worker.authData();
  const body = JSON.stringify({ auth_data: auth, payload: { lifetime: 3600 } });
  const { session_id: id } = JSON.parse(await worker.post("/session/create", body)) as { session_id: string };
  return { id, auth };
}

const endSession = (worker: MeasuredWorker, { id, auth }: OpenSession): Promise<string> =>
  worker.post("/session/end", JSON.stringify({ session_id: id, session_auth: auth }));

/** The costs of one more session, and of a request inside one, with so many open. */
async function withSessions(
  worker: MeasuredWorker,
  size: number,
  events: number,
): Promise<Partial<Record<Measure, number>>> {
  const sessions: OpenSession[] = [];
  await times(size, async () => sessions.push(await openSession(worker)));
  const openAndEnd = await worker.cpuPerEvent(events, () =>
    times(events, async () => endSession(worker, await openSession(worker))),
  );
  let next = 0;
  const inside = await worker.cpuPerEvent(events, () =>
    times(events, () => worker.post("/parallel", worker.envelope(sessions[next++ % sessions.length]))),
  );
  await times(size, async () => endSession(worker, sessions.pop() as OpenSession));
  return { "session: open and end": openAndEnd, "session: request inside": inside };
}

/** The costs of one more request in a queue, and of one beside it, with so many waiting. */
async function withWaiting(
  worker: MeasuredWorker,
  size: number,
  events: number,
): Promise<Partial<Record<Measure, number>>> {
  const held: Socket[] = [];
  await times(size + 1, async () => held.push(await worker.open("/held")));
  await worker.waiting("held", size);
  const arriveAndLeave = await worker.cpuPerEvent(events, async () => {
    await times(events, async () => {
      const socket = await worker.open("/held");
      await worker.post("/parallel", worker.envelope());
      socket.destroy();
    });
    await worker.waiting("held", size);
  });
  const beside = await worker.cpuPerEvent(events, () =>
    times(events, () => worker.post("/parallel", worker.envelope())),
  );
  for (const socket of held) socket.destroy();
  await worker.waiting("held", 0);
  const crowds = Math.max(1, Math.round(events / size));
  const takeTurn = await worker.cpuPerEvent(crowds * size, async () => {
    for (let crowd = 0; crowd < crowds; crowd++) {
      const sockets = await Promise.all(Array.from({ length: size }, () => worker.open("/quick")));
      await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once("data", resolve))));
      for (const socket of sockets) socket.destroy();
    }
  });
  return {
    "waiting: arrive and leave": arriveAndLeave,
    "waiting: request beside": beside,
    "waiting: take its turn": takeTurn,
  };
}

/** Measures whether the cost of an event grows with the number of sessions that are open, or of requests that wait. */
export async function growthBenchmark({
  sizes,
  events,
  rounds,
  core,
  page,
}: GrowthBenchmarkOptions): Promise<void> {
  await moveTo(otherCore(core));
  const directory = await mkdtemp(join(tmpdir(), "tsworker-bench-"));
  const worker = await MeasuredWorker.start(directory, core);
  const costs = new Map<string, number[]>();
  try {
    // The first round only warms up.
    for (let round = 0; round <= rounds; round++) {
      for (const size of sizes) {
        const found = {
          ...(await withSessions(worker, size, events)),
          ...(await withWaiting(worker, size, events)),
        };
        for (const [measure, cost] of Object.entries(found)) {
          const key = `${measure} ${size}`;
          if (round > 0) costs.set(key, [...(costs.get(key) ?? []), cost]);
        }
        console.log(`round ${round}/${rounds}  ${size} done`);
      }
    }
  } finally {
    await worker.stop();
    await rm(directory, { recursive: true, force: true });
  }
  const head = ["CPU µs for each", ...sizes.map((size) => `with ${size}`)];
  const rows = MEASURES.map((measure) => [
    measure,
    ...sizes.map((size) => median(costs.get(`${measure} ${size}`) ?? []).toFixed(0)),
  ]);
  const table = new Table({
    head,
    style: { head: [], border: [] },
    colAligns: ["left", ...sizes.map((): "right" => "right")],
  });
  table.push(...rows);
  console.log(`\n${table.toString()}`);
  await writeFile(
    page,
    `# Growth benchmark

Written by \`npm run bench -- growth\`: CPU time of the worker process for each event, medians of ${rounds} rounds of ${events} events,
while so many sessions are open, or so many requests wait in one queue. It is to stay the same from left to right.

${markdownTable(head, rows)}

- session: open and end: \`/session/create\` and \`/session/end\`, two HTTP requests.
- session: request inside: a request to a function, with a \`session_id\`.
- waiting: arrive and leave: a connection that is opened, asks for a place in the long queue and leaves, and a request beside it.
- waiting: request beside: a request to a function with a queue of its own.
- waiting: take its turn: so many connections that ask for a place at once, until all had their turn, one after the other.

Requests are signed, with a signature that was checked before. Node.js ${process.version}, ${cpus()[0]?.model ?? "unknown"}.
`,
  );
  console.log(`\nwritten to ${page}`);
}
