import { request } from "node:http";
import { monitorEventLoopDelay } from "node:perf_hooks";
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

/** The longest time, in milliseconds, for which this process did nothing else while something went on. */
export async function blockedFor(run: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await run();
  delay.disable();
  return delay.max / 1e6;
}
