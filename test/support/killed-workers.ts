import { createServer, type ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { type Endpoint, Serverless } from "../../src/client/index.js";
import { close, httpUrl, listen } from "../../src/shared/listen.js";
import { random } from "../../src/shared/random.js";
import { type Cluster, WORK } from "./cluster.js";
import { eventually } from "./eventually.js";
import { impatient } from "./impatient-client.js";
import type { WorkerProcess } from "./worker-process.js";

const WORKERS = 3;
const CLIENTS = 50;
/** Pieces of a stream. */
export const PIECES = 4;
/** Milliseconds that the model takes for an answer, and between two pieces of one. */
const ANSWER_MS = 150;
const PIECE_MS = 40;

/** A request to `/work` of which a client keeps what becomes of it. */
interface Asked {
  readonly id: string;
  /** Tries whose connection broke. */
  broken: number;
  /** How often the model has got it. */
  served: number;
}

/** What became of all requests. */
export interface Toll {
  readonly kills: number;
  /** Requests of clients that try again without a pause. */
  readonly impatient: number;
  readonly plain: number;
  readonly streams: number;
  /** Streams that had begun and broke off. */
  readonly brokenStreams: number;
  /** Requests that failed otherwise, each with its error. */
  readonly failed: readonly string[];
  /** Requests that the model got more often than their connections broke, and once more. */
  readonly servedTwice: readonly Asked[];
}

/** Kills workers at random under the load of {@link CLIENTS} clients, and starts each again, until it is over. */
export async function killWorkers(
  cluster: Cluster,
  { seed, isOver }: { readonly seed: number; readonly isOver: (kills: number) => boolean },
): Promise<Toll> {
  const asked = new Map<string, Asked>();
  const model = await countingModel(cluster, asked);
  const engine = await cluster.engine({ silentAfter: 60 });
  const config = {
    handlers: [{ ...WORK, allowParallelRequests: true, maxQueueTime: null }],
    modelServerUrl: model,
  };
  const logging = await cluster.loadedModel();
  /** Those that are ready, by their ids. */
  const workers = new Map<number, WorkerProcess>();
  const start = async (id: number): Promise<void> => {
    workers.set(id, await cluster.worker({ engine, model: logging, config, env: { CONTAINER_ID: `${id}` } }));
  };
  await Promise.all(Array.from({ length: WORKERS }, (_, id) => start(id + 1)));
  await eventually(() => engine.workers.filter(({ state }) => state === "idle").length === WORKERS);

  const serverless = new Serverless({
    apiKey: "key",
    engineUrl: engine.url,
    maxConcurrency: CLIENTS,
    fetch: countingFetch(asked),
  });
  const counts = { kills: 0, impatient: 0, plain: 0, streams: 0, brokenStreams: 0 };
  const failed: string[] = [];
  let ended = 0;
  let hasEnded = false;
  const client = async (number: number): Promise<void> => {
    for (let times = 0; !hasEnded; times += 1) {
      const isStream = (number + times) % 2 === 0;
      const request: Asked = { id: `${number}-${times}`, broken: 0, served: 0 };
      asked.set(request.id, request);
      if (number % 5 === 0) {
        // As Vast's Python client: it requests another worker without a pause.
        const { status, tried } = await impatient(engine, { payload: { cost: 1, id: request.id } });
        counts.impatient += 1;
        request.broken = tried.length - 1;
        if (status !== 200) failed.push(`${request.id}, asked without a pause: ${status}`);
        ended += 1;
        continue;
      }
      counts[isStream ? "streams" : "plain"] += 1;
      const { hasBegun, error } = await ask(serverless.endpoint("endpoint"), request.id, isStream);
      ended += 1;
      if (error === undefined) continue;
      if (hasBegun) counts.brokenStreams += 1;
      else failed.push(`${request.id}, ${isStream ? "a stream" : "plain"}: ${String(error)}`);
    }
  };
  const clients = Array.from({ length: CLIENTS }, (_, number) => client(number));
  const numbers = random(seed);
  const restarts: Promise<void>[] = [];
  /** Waits until as many requests have ended as there are clients. */
  const someHaveEnded = (): Promise<unknown> => {
    const enough = ended + CLIENTS;
    return eventually(() => ended >= enough, { timeoutMs: 90_000 });
  };
  while (!isOver(counts.kills)) {
    await someHaveEnded();
    await pause(300 * numbers());
    // One is always left.
    const ready = await eventually(() => workers.size > 1 && [...workers], { timeoutMs: 90_000 });
    const [id, worker] = ready[Math.floor(ready.length * numbers())] ?? [];
    if (id === undefined || worker === undefined) continue;
    workers.delete(id);
    await worker.kill();
    counts.kills += 1;
    restarts.push(start(id));
  }
  await someHaveEnded();
  hasEnded = true;
  await Promise.all([...clients, ...restarts]);
  const servedTwice = [...asked.values()].filter(({ served, broken }) => served > 1 + broken);
  return { ...counts, failed, servedTwice };
}

/** Sends a request to its end. @returns its error, if any, and whether a stream had begun before. */
async function ask(endpoint: Endpoint, id: string, stream: boolean) {
  let hasBegun = false;
  try {
    const payload = { cost: 1, id, stream };
    const options = { cost: 1, timeoutMs: 60_000, retry: { firstWaitMs: 20, longestWaitMs: 200 } };
    if (stream) {
      const answer = await endpoint.request("/work", payload, { ...options, stream });
      hasBegun = true;
      let pieces = 0;
      for await (const _ of answer) pieces += 1;
      if (pieces < PIECES) return { hasBegun: false, error: `expected ${PIECES} pieces, got ${pieces}` };
    } else {
      const answer = await endpoint.request("/work", payload, options);
      if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
      if ((await answer.json<{ id: string }>()).id !== id) throw new Error("the answer of another request");
    }
    return { hasBegun, error: undefined };
  } catch (error) {
    return { hasBegun, error };
  }
}

/** Node's `fetch`, which counts tries of requests to `/work` whose connection breaks before the answer is whole. */
function countingFetch(asked: ReadonlyMap<string, Asked>): typeof fetch {
  return async (input, init) => {
    const [, id = ""] = /"id":"([\d-]+)"/.exec(String(init?.body)) ?? [];
    try {
      const response = await fetch(input, init);
      if (response.headers.get("content-type") === "text/event-stream") return response;
      const { status, headers } = response;
      return new Response(await response.arrayBuffer(), { status, headers });
    } catch (error) {
      const request = asked.get(id);
      if (request) request.broken += 1;
      throw error;
    }
  };
}

/** A model that counts how often it gets each request. @returns its URL. */
export async function countingModel(
  cluster: Cluster,
  asked: ReadonlyMap<string, Asked> = new Map(),
): Promise<string> {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const { id, stream } = JSON.parse(Buffer.concat(pieces).toString() || "{}");
      const known = asked.get(id);
      if (known) known.served += 1;
      void answerAs(response, id, stream === true);
    });
  });
  cluster.atEnd(() => close(server));
  return httpUrl("127.0.0.1", await listen(server, "127.0.0.1", 0));
}

async function answerAs(response: ServerResponse, id: string, stream: boolean): Promise<void> {
  await pause(ANSWER_MS);
  if (!stream) {
    const body = JSON.stringify({ id });
    response.writeHead(200, { "content-type": "application/json", "content-length": body.length }).end(body);
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (let piece = 0; piece < PIECES; piece += 1) {
    response.write(`data: {"piece":${piece}}\n\n`);
    await pause(PIECE_MS);
  }
  response.end();
}
