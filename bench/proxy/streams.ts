import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cpuSeconds, otherCore, outputOf, residentMb } from "../process.js";
import type { Section } from "../section.js";
import { contendersOf, FLOOR, MAIN, NGINX } from "./contenders.js";
import { type BenchmarkOptions, type Contender, signedBody, warmUpSeconds, withProxy } from "./measure.js";
import type { Rig } from "./rig.js";
import { Rounds } from "./rounds.js";

const ROUTE = "/v1/stream";
/** Events of one stream in a second. */
const RATE = 200;
/** Streams at once. */
const FEW = 50;
const MANY = 500;
const CLIENT = fileURLToPath(new URL("./stream-client.js", import.meta.url));

/** What a run with so many streams measured. */
interface Streamed {
  /** CPU time of the proxy process, in microseconds per event. */
  readonly cpu: number;
  readonly eventsPerSecond: number;
}

/** What one run measured. */
export interface StreamRun {
  readonly few: Streamed;
  readonly many: Streamed;
  readonly rssMb: number;
}

/** Many and few event streams at once: CPU time of the proxy for each event. */
export async function streams(rig: Rig, options: BenchmarkOptions): Promise<Section> {
  const all = await contendersOf(rig, rig.streamingModelPort);
  const url = `http://127.0.0.1:${all[0].port}`;
  const body = (events: number): string => signedBody(rig.engine, url, { events, rate: RATE });
  const runs = await Rounds.take(
    options.rounds,
    all.filter(({ name }) => MAIN.includes(name)),
    (contender) => measureStreams(contender, body, rig, options),
    ({ few, many }) => `streams  ${FEW}: ${few.cpu.toFixed(1)}, ${MANY}: ${many.cpu.toFixed(1)} CPU µs/event`,
  );
  const columns = (name: string, of: (run: StreamRun) => Streamed): readonly string[] => [
    runs.median(name, (run) => of(run).eventsPerSecond).toFixed(0),
    runs.median(name, (run) => of(run).cpu).toFixed(1),
    runs.ratio(name, NGINX, (run) => of(run).cpu).toFixed(2),
    runs.ratio(name, FLOOR, (run) => of(run).cpu).toFixed(2),
  ];
  const head = (streams: number): readonly string[] => [
    `${streams} streams: events/s`,
    "CPU µs/event",
    "× nginx",
    "× floor",
  ];
  return {
    title: "Streams",
    text: `${FEW} and ${MANY} server-sent event streams at once, each of ${RATE} events a second of some 100 bytes for ${options.seconds} s, as far as the
core that the model and the client share is fast enough. nginx has \`proxy_buffering off\`. Every stream arrived completely.`,
    head: ["proxy", ...head(FEW), ...head(MANY), "RSS MB"],
    rows: runs.names.map((name) => [
      name,
      ...columns(name, ({ few }) => few),
      ...columns(name, ({ many }) => many),
      runs.median(name, ({ rssMb }) => rssMb).toFixed(0),
    ]),
  };
}

/** Streams at once, and events of each in a second. */
export interface StreamLoad {
  readonly few: number;
  readonly many: number;
  readonly rate: number;
}

const LOAD: StreamLoad = { few: FEW, many: MANY, rate: RATE };

/** Measures few and many streams through a proxy. @param body makes a request for so many events a stream. */
export async function measureStreams(
  contender: Contender,
  body: (events: number) => string,
  { directory }: Pick<Rig, "directory">,
  { core, seconds }: Pick<BenchmarkOptions, "core" | "seconds">,
  { few: fewStreams, many: manyStreams, rate }: StreamLoad = LOAD,
): Promise<StreamRun> {
  const probe = { route: ROUTE, body: body(1) };
  return withProxy(contender, core, directory, probe, async ({ pid = 0 }) => {
    const run = async (streams: number, events: number): Promise<Streamed> => {
      const file = join(directory, "body");
      await writeFile(file, body(events));
      const before = await cpuSeconds(pid);
      const args = [CLIENT, String(contender.port), ROUTE, file, String(streams), String(events)];
      const result = JSON.parse(await outputOf(otherCore(core), process.execPath, args)) as {
        readonly events: number;
        readonly seconds: number;
        readonly lost: number;
      };
      const used = (await cpuSeconds(pid)) - before;
      if (result.lost > 0)
        throw new Error(`${contender.name}: ${result.lost} of ${streams} streams were incomplete`);
      return { cpu: (used / result.events) * 1e6, eventsPerSecond: result.events / result.seconds };
    };
    await run(fewStreams, warmUpSeconds(seconds) * rate);
    const few = await run(fewStreams, seconds * rate);
    return { few, many: await run(manyStreams, seconds * rate), rssMb: await residentMb(pid) };
  });
}
