import { randomBytes } from "node:crypto";
import type { Section } from "../section.js";
import { contendersOf, FLOOR, MAIN, NGINX, TSWORKER } from "./contenders.js";
import { type BenchmarkOptions, type Contender, measure, ROUTE, type Run, signedBodies } from "./measure.js";
import type { Rig } from "./rig.js";
import { Rounds } from "./rounds.js";

const TEXT_BYTES = 10_000_000;
const CONNECTIONS = 4;
/** A route of the worker that needs no value from the payload. */
const UNREAD_ROUTE = "/v1/embeddings";

interface Routed extends Contender {
  readonly route: string;
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
  const bodies = signedBodies(rig.engine, url, { input: text, max_tokens: 1 }, 1);
  const megabytes = (bodies[0]?.length ?? 0) / 1e6;
  const throughput = ({ cpu }: Run): number => (megabytes / cpu) * 1e6;
  const runs = await Rounds.take(
    options.rounds,
    [...contenders.slice(0, 1), calculating, ...contenders.slice(1)],
    (contender) =>
      measure(contender, bodies, rig.directory, {
        ...options,
        connections: CONNECTIONS,
        route: contender.route,
      }),
    (run) => `bodies  ${throughput(run).toFixed(0)} MB per CPU second`,
  );
  return {
    title: "10 MB bodies",
    text: `Signed envelopes whose payload has one text of 10 MB (base64), over ${CONNECTIONS} connections; the answers are small. nginx has
\`proxy_request_buffering off\`. The worker's first row has no function that needs the payload's value, the second one has.`,
    head: ["proxy", "MB per CPU second", "× nginx", "× floor", "requests/s", "RSS MB"],
    rows: runs.names.map((name) => [
      name,
      runs.median(name, throughput).toFixed(0),
      runs.ratio(name, NGINX, throughput).toFixed(2),
      runs.ratio(name, FLOOR, throughput).toFixed(2),
      runs.median(name, (run) => run.requestsPerSecond).toFixed(1),
      runs.median(name, (run) => run.rssMb).toFixed(0),
    ]),
  };
}
