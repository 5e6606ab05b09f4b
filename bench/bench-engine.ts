import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { SigningKey } from "../src/engine/routing/signing-key.js";
import { freePort } from "../test/support/free-port.js";
import { listens, spawnOn, stop } from "./process.js";

/** What a signed request carries. */
export interface AuthData {
  readonly url: string;
  readonly signature: string;
  readonly cost: number;
  readonly endpoint: string;
  readonly reqnum: number;
  readonly request_idx: number;
}

/** Reports that the engine has received. */
export interface Received {
  readonly reports: number;
  readonly bytes: number;
}

/**
 * The engine that the workers of a benchmark report to: a process of its own at idle priority, so that a report
 * takes no time from the load generator and the model on the same core. Requests are signed here.
 */
export class BenchEngine {
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #key: SigningKey;
  #lastIndex = 0;

  private constructor(url: string, process: ChildProcess, key: SigningKey) {
    this.url = url;
    this.#process = process;
    this.#key = key;
  }

  /** Starts the engine on a core. */
  static async start(core: number, directory: string): Promise<BenchEngine> {
    const key = await SigningKey.generate();
    const port = await freePort();
    const script = fileURLToPath(new URL("./engine.js", import.meta.url));
    const child = spawnOn(core, process.execPath, [script], {
      cwd: directory,
      env: { PORT: String(port), PUBLIC_KEY: key.publicPem },
      idle: true,
    });
    await listens(port, child);
    return new BenchEngine(`http://127.0.0.1:${port}`, child, key);
  }

  async stop(): Promise<void> {
    await stop(this.#process);
  }

  /** Signed authentication data for one request; each has an index of its own. */
  authData({ url, cost }: { readonly url: string; readonly cost: number }): AuthData {
    const index = ++this.#lastIndex;
    return {
      url,
      signature: this.#key.sign(url),
      cost,
      endpoint: "bench",
      reqnum: index,
      request_idx: index,
    };
  }

  async received(): Promise<Received> {
    const response = await fetch(`${this.url}/received`);
    return (await response.json()) as Received;
  }
}
