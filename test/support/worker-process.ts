import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";
import type { NamedConfig } from "./worker-main.js";

/** `worker-main.ts` as `build.ts` leaves it. */
const MAIN = fileURLToPath(new URL("../../.test-build/test/support/worker-main.js", import.meta.url));

/** The Node.js that workers run on: `TEST_NODE` names another one than that of the tests. */
export const NODE = process.env.TEST_NODE ?? process.execPath;

/** A line of the worker's log. */
export type LogLine = { readonly msg: string } & Record<string, unknown>;

export interface WorkerProcessOptions {
  readonly config: NamedConfig;
  /** The engine's URL, or several, separated by commas. */
  readonly engineUrl: string;
  /** Further variables, or others than the usual; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Working directory, where `.has_benchmark` lies. @default a new one, removed at the end */
  readonly directory?: string;
  /** File descriptor of its standard output. @default a pipe, which is read into `lines` */
  readonly stdout?: number;
}

/** A real worker process. */
export class WorkerProcess {
  readonly url: string;
  /** Of the second port. */
  readonly localUrl: string;
  readonly directory: string;
  /** Everything that it logged as JSON, oldest first. */
  readonly lines: LogLine[] = [];
  /** What else it printed, stderr included. */
  text = "";
  readonly child: ChildProcess;
  readonly #ownsDirectory: boolean;
  /** It has ended, and all that it printed was read. */
  readonly #closed: Promise<unknown>;
  #isClosed = false;
  /** How many states there were up to the one that was reached last. */
  #reached = 0;

  private constructor(
    child: ChildProcess,
    { port, httpPort }: { readonly port: number; readonly httpPort: number },
    directory: string,
    ownsDirectory: boolean,
  ) {
    this.child = child;
    this.url = `http://127.0.0.1:${port}`;
    this.localUrl = `http://127.0.0.1:${httpPort}`;
    this.directory = directory;
    this.#ownsDirectory = ownsDirectory;
    this.#closed = once(child, "close").then(() => {
      this.#isClosed = true;
    });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        try {
          this.lines.push(JSON.parse(line) as LogLine);
        } catch {
          this.text += `${line}\n`;
        }
      });
    }
  }

  /** Starts the process; it may not listen yet. */
  static async spawn({
    config,
    engineUrl,
    env,
    directory,
    stdout,
  }: WorkerProcessOptions): Promise<WorkerProcess> {
    const port = Number(env?.WORKER_PORT) || (await freePort());
    const httpPort =
      env !== undefined && "WORKER_HTTP_PORT" in env
        ? Number(env.WORKER_HTTP_PORT ?? port + 1)
        : await freePort();
    const cwd = directory ?? (await mkdtemp(join(tmpdir(), "tsworker-test-")));
    const child = spawn(NODE, ["--enable-source-maps", MAIN], {
      cwd,
      stdio: ["ignore", stdout ?? "pipe", "pipe"],
      env: {
        PATH: process.env.PATH,
        WORKER_PORT: String(port),
        WORKER_HTTP_PORT: String(httpPort),
        HTTP_SERVER: process.env.TEST_HTTP_SERVER,
        PUBLIC_IPADDR: "127.0.0.1",
        [`VAST_TCP_PORT_${port}`]: String(port),
        CONTAINER_ID: "7",
        MASTER_TOKEN: "the-master-token",
        REPORT_ADDR: engineUrl,
        LOG_LEVEL: "debug",
        TEST_WORKER_CONFIG: JSON.stringify(config),
        ...env,
      },
    });
    return new WorkerProcess(child, { port, httpPort }, cwd, directory === undefined);
  }

  /** Starts the process and waits until it is in a state, `ready` unless another is named. */
  static async start(options: WorkerProcessOptions, state = "ready"): Promise<WorkerProcess> {
    const worker = await WorkerProcess.spawn(options);
    try {
      await worker.reaches(state);
    } catch (error) {
      await worker.kill();
      throw new Error(`${String(error)}\n${worker.text}${JSON.stringify(worker.lines, null, 1)}`);
    }
    return worker;
  }

  /** The states it came into so far, oldest first. */
  get states(): readonly string[] {
    return this.lines.filter(({ msg }) => msg === "state").map(({ state }) => String(state));
  }

  /**
   * Waits until it comes into a state, or is in it. One that it came into since the last call counts even if it has
   * left it already: the caller may be slow.
   */
  async reaches(state: string, timeoutMs = 90_000): Promise<void> {
    let isReached = false;
    await eventually(
      () => {
        const index = this.states.indexOf(state, this.#reached);
        if (index >= 0) this.#reached = index + 1;
        isReached = index >= 0 || this.states.at(-1) === state;
        if (isReached || this.#isClosed) return;
        throw new Error(`expected the state ${state}, went through ${this.states.join(", ")}`);
      },
      { timeoutMs },
    );
    if (!isReached) {
      throw new Error(`expected the state ${state}, but the worker exited with ${this.child.exitCode}`);
    }
  }

  /** Resident memory in bytes. */
  async memory(): Promise<number> {
    const { readFile } = await import("node:fs/promises");
    const status = await readFile(`/proc/${this.child.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  }

  /** Sends a signal and waits for the end, and for all that it printed. @returns the exit code. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    // A test may have paused it.
    this.child.stdout?.resume();
    await this.#closed;
    if (this.#ownsDirectory) await rm(this.directory, { recursive: true, force: true });
    return this.child.exitCode;
  }

  /** Ends it at once, whatever it is doing. */
  kill(): Promise<number | null> {
    return this.stop("SIGKILL");
  }
}
