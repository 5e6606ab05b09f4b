// Sends requests to a model with one HTTP client for some time, and prints the CPU time that this process used: a program of its
// own, started by benchmark.ts.
import { Pool } from "undici";
import { ModelClient, ModelServer } from "../../src/worker/model/client.js";

/** Sends a POST, and reports the body of the answer piece by piece. */
type Send = (path: string, body: string, onPiece: (piece: Buffer) => void, onEnd: () => void) => void;

const onError = (error: unknown): never => {
  throw error;
};

/**
 * No limits besides that of connecting, as the worker's defaults have it. Without a limit on its connections a pool opens one for
 * each request that is sent while another one's answer ends.
 */
const poolTo = (url: string): Pool =>
  new Pool(url, { headersTimeout: 0, bodyTimeout: 0, connections: atOnce });

const headers = { accept: "*/*", "content-type": "application/json" };

const CLIENTS: Readonly<Record<string, (url: string) => Send>> = {
  own: (url) => {
    const timeouts = { connectMs: 10_000, headersMs: null, idleMs: null };
    const client = new ModelClient(new ModelServer(url), timeouts);
    return (path, body, onPiece, onEnd) => {
      const onData = (piece: Buffer): boolean => {
        onPiece(piece);
        return true;
      };
      client.post(path, body, { onHead: () => {}, onData, onEnd, onError });
    };
  },
  request: (url) => {
    const pool = poolTo(url);
    return (path, body, onPiece, onEnd) => {
      pool.request({ path, method: "POST", headers, body }).then((answer) => {
        answer.body.on("data", onPiece).on("end", onEnd).on("error", onError);
      }, onError);
    };
  },
  dispatch: (url) => {
    const pool = poolTo(url);
    return (path, body, onPiece, onEnd) => {
      pool.dispatch(
        { path, method: "POST", headers, body },
        {
          onRequestStart: () => {},
          onResponseStart: () => {},
          onResponseData: (_, piece) => onPiece(piece),
          onResponseEnd: onEnd,
          onResponseError: (_, error) => onError(error),
        },
      );
    };
  },
};

const [name = "", url = "", kind = "", concurrency = "", seconds = "", rate = ""] = process.argv.slice(2);
const create = CLIENTS[name];
if (create === undefined) throw new Error(`expected one of ${Object.keys(CLIENTS).join(", ")}, got ${name}`);
const atOnce = Number(concurrency);
const send = create(url);

const PAYLOAD = JSON.stringify({ model: "m", prompt: "Say hello.", max_tokens: 128, temperature: 0.7 });

/** Requests that are sent for each second of a run, however long they take: V8 compiles code by how often it has run. */
const REQUESTS_PER_SECOND = 10_000;

/** So many small requests at once, each followed by another one. @returns how many were answered. */
function small(forSeconds: number): Promise<number> {
  const count = forSeconds * REQUESTS_PER_SECOND;
  return new Promise((resolve) => {
    let sent = 0;
    let answered = 0;
    const next = (): void => {
      if (sent === count) return;
      sent++;
      send("/v1/completions", PAYLOAD, () => {}, onEnd);
    };
    const onEnd = (): void => {
      answered++;
      if (answered === count) resolve(answered);
      else next();
    };
    for (let each = 0; each < atOnce; each++) next();
  });
}

/** So many streams at once. @returns how many events came. @throws when one is missing. */
function streams(forSeconds: number): Promise<number> {
  const events = forSeconds * Number(rate);
  const body = JSON.stringify({ events, rate: Number(rate) });
  return new Promise((resolve, reject) => {
    let received = 0;
    let open = atOnce;
    const onPiece = (piece: Buffer): void => {
      for (let at = piece.indexOf("@"); at >= 0; at = piece.indexOf("@", at + 1)) received++;
    };
    const onEnd = (): void => {
      if (--open > 0) return;
      if (received === events * atOnce) resolve(received);
      else reject(new Error(`expected ${events * atOnce} events, got ${received}`));
    };
    for (let each = 0; each < atOnce; each++) send("/v1/stream", body, onPiece, onEnd);
  });
}

const work = kind === "streams" ? streams : small;
await work(2 * Number(seconds));
const before = process.cpuUsage();
const startedAt = performance.now();
const count = await work(Number(seconds));
const { user, system } = process.cpuUsage(before);
console.log(
  JSON.stringify({
    cpu: (user + system) / count,
    perSecond: (count / (performance.now() - startedAt)) * 1000,
  }),
);
process.exit(0);
