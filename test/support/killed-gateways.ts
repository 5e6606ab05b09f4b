import { type Cluster, WORK } from "./cluster.js";
import { type Running, spawnTsworker } from "./command-line.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";
import { open, read } from "./http-client.js";
import { countingModel, PIECES } from "./killed-workers.js";
import type { WorkerProcess } from "./worker-process.js";

const WORKERS = 3;
const GATEWAYS = 2;
const CLIENTS = 12;
const ROUTE = "/v1/completions";

/** How all requests ended. */
export interface GatewayToll {
  readonly kills: number;
  readonly plain: number;
  readonly streams: number;
  /** Answers that had begun and broke off. */
  readonly broken: number;
  /** Requests that failed otherwise, each with its error. */
  readonly failed: readonly string[];
}

/** A process that is killed and started again. */
interface Killable {
  kill(): Promise<unknown>;
  start(): Promise<unknown>;
}

/**
 * Kills three workers and two gateways, one after the other, so many times, under the load of clients. A client whose gateway
 * is gone before its answer has begun sends the request to the other one, as a load balancer does.
 */
export async function killInTurn(cluster: Cluster, rounds: number): Promise<GatewayToll> {
  const model = await countingModel(cluster);
  const engine = await cluster.engine({ silentAfter: 60 });
  const logging = await cluster.loadedModel();
  const handler = { ...WORK, route: ROUTE, allowParallelRequests: true, maxQueueTime: null };
  const config = { handlers: [handler], modelServerUrl: model };
  const workerOf = (id: number): Killable => {
    let worker: WorkerProcess | undefined;
    return {
      kill: async () => worker?.kill(),
      start: async () => {
        worker = await cluster.worker({ engine, model: logging, config, env: { CONTAINER_ID: `${id}` } });
      },
    };
  };
  const urls: string[] = [];
  const gatewayOf = async (): Promise<Killable> => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    urls.push(url);
    let gateway: Running | undefined;
    const kill = async (): Promise<void> => {
      gateway?.signal("SIGKILL");
      await gateway?.exitCode;
    };
    cluster.atEnd(kill);
    return {
      kill,
      start: async () => {
        const address = ["--endpoint", "endpoint", "--api-key", "key", "--engine-url", engine.url];
        gateway = spawnTsworker({}, "gateway", ...address, "--cost", "1", "--port", `${port}`);
        await eventually(async () => (await fetch(`${url}/healthz`)).ok);
      },
    };
  };
  const workers = Array.from({ length: WORKERS }, (_, index) => workerOf(index + 1));
  const gateways = await Promise.all(Array.from({ length: GATEWAYS }, gatewayOf));
  const all = [...workers, ...gateways];
  await Promise.all(all.map((each) => each.start()));
  const isReady = (): boolean => engine.workers.filter(({ state }) => state === "idle").length === WORKERS;
  await eventually(isReady);

  const counts = { kills: 0, plain: 0, streams: 0, broken: 0 };
  const failed: string[] = [];
  let ended = 0;
  let isOver = false;
  const client = async (number: number): Promise<void> => {
    for (let times = 0; !isOver; times += 1) {
      const stream = (number + times) % 2 === 0;
      const id = `${number}-${times}`;
      counts[stream ? "streams" : "plain"] += 1;
      const result = await askEither(urls, number + times, { cost: 1, id, stream });
      if (result === "broken") counts.broken += 1;
      else if (result !== undefined) failed.push(`${id}, ${stream ? "a stream" : "plain"}: ${result}`);
      ended += 1;
    }
  };
  const clients = Array.from({ length: CLIENTS }, (_, number) => client(number));
  const someHaveEnded = (): Promise<unknown> => {
    const enough = ended + 2 * CLIENTS;
    return eventually(() => ended >= enough);
  };
  for (let round = 0; round < rounds; round += 1) {
    for (const each of all) {
      await someHaveEnded();
      await each.kill();
      counts.kills += 1;
      await someHaveEnded();
      await each.start();
      await eventually(isReady);
    }
  }
  await someHaveEnded();
  isOver = true;
  await Promise.all(clients);
  return { ...counts, failed };
}

/** Sends a request to a gateway, or to the other one. @returns `broken`, or the error; undefined: it succeeded. */
async function askEither(
  urls: readonly string[],
  first: number,
  body: { readonly id: string; readonly stream: boolean; readonly cost: number },
): Promise<string | undefined> {
  for (let attempt = 0; ; attempt += 1) {
    let answer: Awaited<ReturnType<typeof open>>;
    try {
      answer = await open(`${urls[(first + attempt) % urls.length]}${ROUTE}`, { body });
    } catch (error) {
      if (attempt >= urls.length) return String(error);
      continue;
    }
    const { status, complete, body: bytes } = await read(answer);
    if (status !== 200) return `${status} ${bytes}`;
    if (!complete) return "broken";
    const text = bytes.toString();
    const isWhole = body.stream
      ? text.split("\n\n").length === PIECES + 1
      : text === JSON.stringify({ id: body.id });
    return isWhole ? undefined : `not the whole answer: ${text}`;
  }
}
