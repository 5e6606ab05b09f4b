import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { close, httpUrl, listen } from "../../src/shared/listen.js";
import { freePort } from "../../test/support/free-port.js";
import { otherCore } from "../process.js";
import { contendersOf } from "../proxy/contenders.js";
import { type BenchmarkOptions, type Contender, signedBody, withProxy } from "../proxy/measure.js";
import { type Rig, withRig } from "../proxy/rig.js";
import { Rounds } from "../proxy/rounds.js";
import { measureStreams, type StreamLoad, type StreamRun } from "../proxy/streams.js";
import { machine, printSection, type Section, sectionText } from "../section.js";

const WORKER = "worker";
const GATEWAY = "gateway";
const STREAM = "/v1/stream";

/**
 * Fewer events than the core of client, model and worker is fast enough for: a process that gets several events at once handles
 * each of them for less.
 */
const LOAD: StreamLoad = { few: 50, many: 150, rate: 50 };

type Options = Pick<BenchmarkOptions, "core" | "seconds" | "rounds" | "page">;

/**
 * Measures what a streamed event costs a worker, and what it costs a gateway in front of that worker, turn by turn. The one that
 * is not measured shares a core with client and model.
 */
export async function gatewayBenchmark(options: Options): Promise<void> {
  const { core, rounds, page, seconds } = options;
  await withRig(core, async (rig) => {
    const [worker] = await contendersOf(rig, rig.streamingModelPort);
    const workerUrl = `http://127.0.0.1:${worker.port}`;
    const signed = (events: number): string => signedBody(rig.engine, workerUrl, { events, rate: LOAD.rate });
    const plain = (events: number): string => JSON.stringify({ events, rate: LOAD.rate });
    const router = await routerTo(rig, workerUrl);
    const gateway: Contender = {
      name: GATEWAY,
      command: process.execPath,
      args: ["--max-semi-space-size=2", fileURLToPath(new URL("./gateway.js", import.meta.url))],
      env: { ENGINE_URL: router.url },
      port: await freePort(),
    };
    const contenders: readonly Contender[] = [
      { ...worker, name: WORKER },
      { ...gateway, env: { ...gateway.env, PORT: String(gateway.port) } },
    ];
    const runs = await Rounds.take(
      rounds,
      contenders,
      (contender) =>
        contender.name === WORKER
          ? marginalRun(contender, signed, rig, options)
          : withProxy(worker, otherCore(core), rig.directory, { route: STREAM, body: signed(1) }, () =>
              marginalRun(contender, plain, rig, options),
            ),
      ({ few, many }) =>
        `streams  ${LOAD.few}: ${few.cpu.toFixed(1)}, ${LOAD.many}: ${many.cpu.toFixed(1)} CPU µs/event`,
    );
    await router.close();
    const section = sectionOf(runs, seconds);
    printSection(section);
    await writeFile(
      page,
      `# Gateway benchmark

Written by \`npm run bench -- gateway\`; medians of ${rounds} rounds of ${seconds} s, turn by turn, after load that is not measured. A ratio is the median of the
ratios of each round. CPU time is that of the process, the kernel's share included. The process under test has one core for itself; all others, such as the worker
behind the gateway, share another.

${await machine()}

${sectionText(section)}`,
    );
    console.log(`\nwritten to ${page}`);
  });
}

function sectionOf(runs: Rounds<StreamRun>, seconds: number): Section {
  const columns = (name: string, of: (run: StreamRun) => StreamRun["few"]): readonly string[] => [
    runs.median(name, (run) => of(run).eventsPerSecond).toFixed(0),
    runs.median(name, (run) => of(run).cpu).toFixed(1),
    runs.ratio(name, WORKER, (run) => of(run).cpu).toFixed(2),
  ];
  const head = (streams: number): readonly string[] => [
    `${streams} streams: events/s`,
    "CPU µs/event",
    "× worker",
  ];
  return {
    title: "Streams",
    text: `${LOAD.few} and ${LOAD.many} server-sent event streams at once, each of ${LOAD.rate} events a second for ${seconds} s. The cost of a further event: the beginning of a stream, with
its routing, does not count. Every stream arrived completely.`,
    head: ["process", ...head(LOAD.few), ...head(LOAD.many), "RSS MB"],
    rows: runs.names.map((name) => [
      name,
      ...columns(name, ({ few }) => few),
      ...columns(name, ({ many }) => many),
      runs.median(name, ({ rssMb }) => rssMb).toFixed(0),
    ]),
  };
}

/** The length of a short run, as a share of a long one. */
const SHORT = 0.25;

/** What a further event costs: the difference of a long and a short run, so that the beginning of each stream does not count. */
async function marginalRun(
  contender: Contender,
  body: (events: number) => string,
  rig: Rig,
  { core, seconds }: Options,
): Promise<StreamRun> {
  const short = await measureStreams(contender, body, rig, { core, seconds: seconds * SHORT }, LOAD);
  const long = await measureStreams(contender, body, rig, { core, seconds }, LOAD);
  const further = (of: (run: StreamRun) => StreamRun["few"]): StreamRun["few"] => ({
    ...of(long),
    cpu: (of(long).cpu - of(short).cpu * SHORT) / (1 - SHORT),
  });
  return { ...long, few: further(({ few }) => few), many: further(({ many }) => many) };
}

/** An engine's `/route/`, which always names one worker. */
async function routerTo({ engine }: Rig, workerUrl: string) {
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      if (request.url !== "/route/") response.writeHead(404).end("{}");
      else response.end(JSON.stringify(engine.authData({ url: workerUrl, cost: 1 })));
    });
  });
  const url = httpUrl("127.0.0.1", await listen(server, "127.0.0.1", 0));
  return { url, close: () => close(server) };
}
