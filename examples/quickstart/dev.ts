import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../dist/src/cli/main.js", import.meta.url));

/** How many of the last lines are shown when it dies. */
const KEPT_LINES = 12;

interface DevEvents {
  /** Something happened: `engine`, `model`, `worker`, `output`, `routed`, `ended`, and the rest of the line. */
  event: [label: string, text: string];
}

/** `tsworker dev` as a process of its own: an engine, a simulated model and a worker, on free ports. */
export class Dev extends EventEmitter<DevEvents> {
  /** Rejects when it ends without {@link Dev.stop}; never resolves. */
  readonly died: Promise<never>;
  /** How to call what it runs, as it prints it. */
  readonly addresses: string[] = [];
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #lastLines: string[] = [];
  #isStopping = false;

  private constructor(child: ChildProcess) {
    super();
    this.#process = child;
    this.#ended = once(child, "close");
    for (const output of [child.stdout, child.stderr]) {
      if (output) createInterface({ input: output }).on("line", (line) => this.#parse(line));
    }
    const end = () => child.kill("SIGTERM");
    process.once("exit", end);
    this.died = this.#ended.then(() => {
      process.removeListener("exit", end);
      if (this.#isStopping) return new Promise<never>(() => {});
      throw new Error(`tsworker dev has ended; its last lines:\n${this.#lastLines.join("\n")}`);
    });
    // A rejection without a listener is not an error.
    this.died.catch(() => {});
  }

  /** @param parameters what `tsworker dev` is given. @param folder for what the worker keeps. */
  static async start(parameters: readonly string[], folder: string): Promise<Dev> {
    const [port, httpPort] = [await freePort(), await freePort()];
    const ports = ["--port", "0", "--model-port", "0", "--model-log", `${folder}/model.log`];
    // What a GPU machine has in its environment is for another engine.
    const foreign = { PUBLIC_IPADDR: undefined, CONTAINER_ID: undefined, REPORT_ADDR: undefined };
    const usual = { USE_SSL: "false", UNSECURED: "false", LOG_LEVEL: "info", MASTER_TOKEN: undefined };
    const child = spawn(process.execPath, [MAIN, "dev", ...parameters, ...ports], {
      cwd: folder,
      env: {
        ...process.env,
        ...foreign,
        ...usual,
        WORKER_PORT: String(port),
        WORKER_HTTP_PORT: String(httpPort),
      },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own: Ctrl-C then reaches this process only, which sends SIGTERM to the other one.
      detached: true,
    });
    return new Dev(child);
  }

  /** Waits for an event. @returns its text. */
  waitFor(label: string, start: string): Promise<string> {
    return new Promise((resolve) => {
      this.on("event", (each, text) => {
        if (each === label && text.startsWith(start)) resolve(text);
      });
    });
  }

  /** Sends it SIGTERM and waits for its end. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#process.kill("SIGTERM");
    await this.#ended;
  }

  #parse(line: string): void {
    if (this.#lastLines.push(line) > KEPT_LINES) this.#lastLines.shift();
    const [, label, text] = /^\d\d:\d\d:\d\d {2}(.{9}) (.*)$/.exec(line) ?? [];
    if (label !== undefined && text !== undefined) this.emit("event", label.trimEnd(), text);
    else if (line !== "") this.addresses.push(line);
  }
}

/** A free port of the loopback. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await once(server.close(), "close");
  return port;
}
