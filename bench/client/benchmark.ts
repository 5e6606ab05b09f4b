import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { outputOf } from "../process.js";
import type { BenchmarkOptions } from "../proxy/measure.js";
import { withRig } from "../proxy/rig.js";
import { Rounds } from "../proxy/rounds.js";
import { machine, printSection, type Section, sectionText } from "../section.js";

const SENDER = fileURLToPath(new URL("./sender.ts", import.meta.url));
/** Streams at once, and events of each in a second. */
const STREAMS = 50;
const RATE = 200;
const OWN = "the worker's own";

/** An HTTP client, by the name that sender.ts has for it. */
interface HttpClient {
  readonly name: string;
  readonly id: string;
}

const CLIENTS: readonly HttpClient[] = [
  { name: OWN, id: "own" },
  { name: "undici, pool.dispatch", id: "dispatch" },
  { name: "undici, pool.request", id: "request" },
];

interface Sent {
  /** CPU time of the sending process, in microseconds per request or event. */
  readonly cpu: number;
  readonly perSecond: number;
}

interface Run {
  readonly small: Sent;
  readonly streams: Sent;
}

/** Measures the HTTP client that sends requests to the model next to undici: the same requests to the same model. */
export async function clientBenchmark(options: BenchmarkOptions): Promise<void> {
  const { core, rounds, seconds, connections, page } = options;
  await withRig(core, async ({ modelPort, streamingModelPort }) => {
    const sent = async (id: string, port: number, kind: string, atOnce: number): Promise<Sent> => {
      const url = `http://127.0.0.1:${port}`;
      const args = ["--import", "tsx", SENDER, id, url, kind, String(atOnce), String(seconds), String(RATE)];
      return JSON.parse(await outputOf(core, process.execPath, args)) as Sent;
    };
    const runs = await Rounds.take(
      rounds,
      CLIENTS,
      async ({ id }): Promise<Run> => ({
        small: await sent(id, modelPort, "small", connections),
        streams: await sent(id, streamingModelPort, "streams", STREAMS),
      }),
      ({ small, streams }) =>
        `${small.cpu.toFixed(1)} CPU µs/request, ${streams.cpu.toFixed(1)} CPU µs/event`,
    );
    const section = sectionOf(runs, options);
    printSection(section);
    await writeFile(
      page,
      `# HTTP clients to the model

Written by \`npm run bench -- client\`; medians of ${rounds} rounds of ${seconds} s, the clients turn by turn, each in a process of its own.

${await machine()}

${sectionText(section)}`,
    );
    console.log(`\nwritten to ${page}`);
  });
}

function sectionOf(runs: Rounds<Run>, { connections }: BenchmarkOptions): Section {
  const columns = (name: string, of: (run: Run) => Sent): readonly string[] => [
    runs.median(name, (run) => of(run).perSecond).toFixed(0),
    runs.median(name, (run) => of(run).cpu).toFixed(1),
    runs.ratio(name, OWN, (run) => of(run).cpu).toFixed(2),
  ];
  return {
    title: "CPU time of the client",
    text: `Small requests: ${connections} at once, each followed by another one. Streams: ${STREAMS} server-sent event streams at once, each of ${RATE} events a second.
The ratio is that of CPU times within one round.`,
    head: ["client", "requests/s", "CPU µs/request", "× own", "events/s", "CPU µs/event", "× own"],
    rows: runs.names.map((name) => [
      name,
      ...columns(name, ({ small }) => small),
      ...columns(name, ({ streams }) => streams),
    ]),
  };
}
