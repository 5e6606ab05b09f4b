import { randomBytes } from "node:crypto";
import { Agent, request } from "node:http";
import { cpuSeconds, residentMb } from "../process.js";
import type { Section } from "../section.js";
import { contendersOf, FLOOR, MAIN, NGINX, TSWORKER } from "./contenders.js";
import { type BenchmarkOptions, type Contender, ROUTE, signedBody, withProxy } from "./measure.js";
import type { Rig } from "./rig.js";
import { Rounds } from "./rounds.js";

const TEXT_BYTES = 10_000_000;
const CONNECTIONS = 4;
/** Bodies for each second that a run is to take, and before it. */
const BODIES_PER_SECOND = 12;
const WARM_UP_BODIES = 8;
/** A route of the worker that needs no value from the payload. */
const UNREAD_ROUTE = "/v1/embeddings";

interface Routed extends Contender {
  readonly route: string;
}

interface Run {
  /** Megabytes that the proxy passed on in a second of its CPU time. */
  readonly throughput: number;
  readonly rssMb: number;
}

/** Signed bodies of 10 MB: how many bytes a proxy passes on in a second of CPU time. */
export async function longBodies(rig: Rig, options: BenchmarkOptions): Promise<Section> {
  const all = await contendersOf(rig, rig.streamingModelPort);
  const contenders = all
    .filter(({ name }) => MAIN.includes(name))
    .map((each): Routed => ({ ...each, route: UNREAD_ROUTE }));
  const calculating = { ...all[0], name: `${TSWORKER}, workloadCalculator`, route: ROUTE };
  const text = randomBytes((TEXT_BYTES / 4) * 3).toString("base64");
  const url = `http://127.0.0.1:${all[0].port}`;
  const body = Buffer.from(signedBody(rig.engine, url, { input: text, max_tokens: 1 }));
  const runs = await Rounds.take(
    options.rounds,
    [...contenders.slice(0, 1), calculating, ...contenders.slice(1)],
    (contender) => measureBodies(contender, body, rig, options),
    ({ throughput }) => `bodies  ${throughput.toFixed(0)} MB per CPU second`,
  );
  return {
    title: "10 MB bodies",
    text: `Signed envelopes whose payload has one text of 10 MB (base64), over ${CONNECTIONS} connections; the answers are small. nginx has
\`proxy_request_buffering off\`. The worker's first row has no function that needs the payload's value, the second one has.`,
    head: ["proxy", "MB per CPU second", "× nginx", "× floor", "RSS MB"],
    rows: runs.names.map((name) => [
      name,
      runs.median(name, ({ throughput }) => throughput).toFixed(0),
      runs.ratio(name, NGINX, ({ throughput }) => throughput).toFixed(2),
      runs.ratio(name, FLOOR, ({ throughput }) => throughput).toFixed(2),
      runs.median(name, ({ rssMb }) => rssMb).toFixed(0),
    ]),
  };
}

function measureBodies(
  contender: Routed,
  body: Buffer,
  { directory, engine }: Rig,
  { core, seconds }: BenchmarkOptions,
): Promise<Run> {
  const { port, route: path } = contender;
  const small = signedBody(engine, `http://127.0.0.1:${port}`, { input: "", max_tokens: 1 });
  return withProxy(contender, core, directory, { route: path, body: small }, async ({ pid = 0 }) => {
    await sendAll(port, path, body, WARM_UP_BODIES);
    const count = BODIES_PER_SECOND * seconds;
    const before = await cpuSeconds(pid);
    await sendAll(port, path, body, count);
    const used = (await cpuSeconds(pid)) - before;
    return { throughput: (count * body.length) / 1e6 / used, rssMb: await residentMb(pid) };
  });
}

/** Sends a body so many times, and reads the answers. @throws when one is not 200. */
async function sendAll(port: number, path: string, body: Buffer, count: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const headers = { "content-type": "application/json", "content-length": body.length };
  const send = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const sent = request({ port, path, method: "POST", agent, headers }, (response) => {
        response.resume().on("end", () => {
          if (response.statusCode === 200) resolve();
          else reject(new Error(`a long body was answered with ${response.statusCode}`));
        });
      });
      sent.on("error", reject).end(body);
    });
  await Promise.all(Array.from({ length: count }, send));
  agent.destroy();
}
