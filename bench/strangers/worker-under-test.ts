import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { answers, residentMb, spawnOn, stop } from "../process.js";
import type { Rig } from "../proxy/rig.js";
import { workerEnvironment } from "../worker-environment.js";
import type { Shape } from "./shapes.js";

export const SERVERS = ["uws", "node"] as const;
export type Server = (typeof SERVERS)[number];

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** A worker whose event loop is watched. */
export class WorkerUnderTest {
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #signedBody: string;

  private constructor(port: number, process: ChildProcess, signedBody: string) {
    this.port = port;
    this.#process = process;
    this.#signedBody = signedBody;
  }

  static async start(server: Server, rig: Rig, core: number): Promise<WorkerUnderTest> {
    const { port, env } = await workerEnvironment(rig.engine.url);
    await writeFile(join(rig.directory, ".has_benchmark"), "1000000");
    const child = spawnOn(
      core,
      process.execPath,
      ["--import", here("./loop-monitor.js"), here("./worker.js")],
      {
        env: { ...env, MODEL_URL: `http://127.0.0.1:${rig.modelPort}`, HTTP_SERVER: server },
        cwd: rig.directory,
        ipc: true,
      },
    );
    const url = `http://127.0.0.1:${port}`;
    const body = JSON.stringify({ auth_data: rig.engine.authData({ url, cost: 1 }), payload: {} });
    await answers(`${url}/plain`, body, child);
    const worker = new WorkerUnderTest(port, child, body);
    await worker.longestBlock();
    return worker;
  }

  stop(): Promise<void> {
    return stop(this.#process);
  }

  /** The longest time that the event loop was blocked since the previous call, in ms; infinite if the worker died. */
  async longestBlock(): Promise<number> {
    const answered = new AbortController();
    const { signal } = answered;
    if (!this.#process.connected) return Number.POSITIVE_INFINITY;
    this.#process.send("longest block");
    try {
      const [longest] = (await Promise.race([
        once(this.#process, "message", { signal }),
        once(this.#process, "disconnect", { signal }).then(() => [Number.POSITIVE_INFINITY]),
      ])) as [number];
      return longest;
    } finally {
      answered.abort();
    }
  }

  /** Highest resident memory of the process so far, in MB. */
  peakMb(): Promise<number> {
    return residentMb(this.#process.pid ?? 0, "VmHWM").catch(() => Number.NaN);
  }

  /** Sends the body of a shape, as far as the worker takes it. @returns the status of the answer, or what came instead. */
  send({ route, type, pieces }: Shape): Promise<string> {
    const body = pieces();
    const length = body.reduce((sum, piece) => sum + piece.length, 0);
    return new Promise((resolve) => {
      let answer = "closed";
      let next = 0;
      const socket = connect(this.port, "127.0.0.1");
      const write = (): void => {
        for (let piece = body[next]; piece !== undefined; piece = body[next]) {
          next++;
          if (!socket.write(piece)) return;
        }
      };
      socket.on("connect", () => {
        socket.write(
          `POST ${route} HTTP/1.1\r\nhost: a\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n\r\n`,
        );
        write();
      });
      socket.on("drain", write);
      socket.on("data", (data) => {
        answer = data.toString("latin1", 9, 12);
        socket.destroy();
      });
      socket.on("error", () => {});
      socket.on("close", () => resolve(answer));
    });
  }

  /** Latencies of small signed requests in ms, one begun every 5 ms, whether those before were answered or not. */
  async latencies(seconds: number): Promise<readonly number[]> {
    const agent = new Agent({ keepAlive: true });
    const measured: Promise<number>[] = [];
    const until = performance.now() + seconds * 1000;
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        measured.push(this.#latency(agent));
        if (performance.now() < until) return;
        clearInterval(timer);
        resolve();
      }, 5);
    });
    const all = await Promise.all(measured);
    agent.destroy();
    return all;
  }

  #latency(agent: Agent): Promise<number> {
    const began = performance.now();
    return new Promise((resolve, reject) => {
      const sent = request({ port: this.port, path: "/plain", method: "POST", agent }, (response) => {
        response.resume().on("end", () => {
          if (response.statusCode === 200) resolve(performance.now() - began);
          else reject(new Error(`a signed request was answered with ${response.statusCode}`));
        });
      });
      sent.on("error", reject).end(this.#signedBody);
    });
  }
}
