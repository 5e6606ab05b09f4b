import { request } from "node:http";
import type { Engine } from "../../src/engine/index.js";

/** A call as it is, with no header of its own. */
export interface RawCall {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What is sent. */
  readonly body?: string | Buffer;
  /** Sent in chunks, without a length. */
  readonly chunked?: boolean;
  /** The body is not ended: more could come. */
  readonly open?: boolean;
}

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

/** Makes a call with exactly these headers, which `fetch` would change, and resolves to the first answer. */
export function rawCall(
  engine: Engine,
  path: string,
  { method = "POST", headers = {}, body = "", chunked = false, open = false }: RawCall = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const length = chunked || open ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const options = { method, headers: { ...length, ...headers }, agent: false };
    const sending = request(`${engine.url}${path}`, options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (piece: string) => {
        text += piece;
      });
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, text });
        // What was refused may be sent to its end, or not.
        sending.on("error", () => {});
        sending.destroy();
      });
    });
    sending.once("error", reject);
    if (open) sending.write(body);
    else sending.end(body);
  });
}

/** Milliseconds between two reads of the clock. */
const STEP_MS = 2;

/**
 * The longest time, in milliseconds, for which this process did nothing else while something went on. What others computed
 * meanwhile, on a machine that has other work, does not count.
 */
export async function blockedFor(run: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  let used = process.cpuUsage();
  const timer = setInterval(() => {
    const now = performance.now();
    const { user, system } = process.cpuUsage(used);
    longest = Math.max(longest, Math.min(now - last - STEP_MS, (user + system) / 1000));
    last = now;
    used = process.cpuUsage();
  }, STEP_MS);
  await run();
  clearInterval(timer);
  return longest;
}
