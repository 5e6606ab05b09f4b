import { once } from "node:events";
import { closeSync, mkdtempSync, openSync } from "node:fs";
import { mkdir, rm, rmdir } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../shared/package-root.js";
import { type Identity, identityOf, isAlive } from "../../shared/process-identity.js";
import { withTimeLimit } from "../../shared/time-limit.js";
import type { Memo, Provider, WorkerOrder } from "./provider.js";
import {
  lastErrorLine,
  RunningProcesses,
  signal as signalTo,
  spawned,
  untilAllGone,
  untilGone,
} from "./worker-process.js";

/** Options of a {@link ProcessProvider}. */
export interface ProcessProviderOptions {
  /**
   * Command of a worker: a line for the shell, run in the folder that the engine was started in, or a program with its
   * parameters. Default: a worker with a simulated model, see `tsworker simulated-worker --help`.
   */
  readonly command?: string | readonly string[];
  /** Further environment variables of the workers. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Folder in which each worker has one of its own, with its output in `worker.log`. With a state file, name
   * one that stays. Default: a new one for temporary files.
   */
  readonly folder?: string;
  /**
   * Seconds that a worker has to end after SIGTERM, before SIGKILL ends it. A worker may drain for 30 s.
   * @default 40
   */
  readonly graceSeconds?: number;
}

const HOST = "127.0.0.1";

/** The command line of this package. */
const MAIN = join(packageRoot, "dist/src/cli/main.js");

/** A worker of a deployment. */
const SERVE = { program: process.execPath, parameters: [...process.execArgv, MAIN, "serve"] };

/**
 * Makes workers as processes of this machine. An inactive worker is an ended process whose folder stays, with the result of
 * its benchmark: it takes no memory, and loads its model when it is started again.
 *
 * @example
 * ```ts
 * import { Engine, ProcessProvider } from "tsworker/engine";
 *
 * const provider = new ProcessProvider({ command: "npx tsworker run worker.ts" });
 * const engine = new Engine({
 *   endpoint: "my-endpoint",
 *   apiKey: "secret",
 *   provider,
 *   scaling: { max_workers: 2 },
 * });
 * ```
 */
export class ProcessProvider implements Provider {
  readonly #options: ProcessProviderOptions;
  /** Processes that have not been seen to end. */
  readonly #running = new RunningProcesses();
  /** Processes that are being stopped: their exit is not reported. */
  readonly #ending = new Set<number>();
  /** The folder that was created because none was given. */
  #temporary: string | undefined;

  constructor(options: ProcessProviderOptions = {}) {
    this.#options = options;
  }

  async create(order: WorkerOrder, signal: AbortSignal): Promise<Memo> {
    const folder = join(this.#parentFolder(), `${order.id}`);
    await mkdir(folder, { recursive: true });
    return this.#run(order, folder, signal);
  }

  async start(order: WorkerOrder, signal: AbortSignal): Promise<Memo> {
    const { memo } = order;
    const folder = memo?.folder;
    if (memo === undefined || typeof folder !== "string") return this.create(order, signal);
    const identity = identityIn(memo);
    if (isAlive(identity)) {
      this.#running.add(identity);
      void untilGone(identity, never).then(() => this.#reportExit(order, identity, folder));
      return memo;
    }
    // Its children may still run.
    signalTo(identity, "SIGKILL");
    await mkdir(folder, { recursive: true });
    return this.#run(order, folder, signal);
  }

  async stop({ memo }: WorkerOrder, signal: AbortSignal): Promise<void> {
    const identity = memo && identityIn(memo);
    if (identity === undefined || !isAlive(identity)) return;
    this.#ending.add(identity.pid);
    signalTo(identity, "SIGTERM");
    const graceMs = (this.#options.graceSeconds ?? 40) * 1000;
    await withTimeLimit(graceMs, signal, (limited) => untilAllGone(identity, limited));
    signalTo(identity, "SIGKILL");
    await untilAllGone(identity, never);
  }

  async destroy(order: WorkerOrder, signal: AbortSignal): Promise<void> {
    await this.stop(order, signal);
    const folder = order.memo?.folder;
    if (typeof folder !== "string") return;
    await rm(folder, { recursive: true, force: true });
    // Fails until the last worker's folder is removed.
    if (this.#temporary !== undefined) await rmdir(this.#temporary).catch(() => {});
  }

  #parentFolder(): string {
    if (this.#options.folder !== undefined) return this.#options.folder;
    this.#temporary ??= mkdtempSync(join(tmpdir(), "tsworker-workers-"));
    return this.#temporary;
  }

  async #run(order: WorkerOrder, folder: string, signal: AbortSignal): Promise<Memo> {
    const [port = 0, httpPort = 0] = await freePorts(2, HOST);
    signal.throwIfAborted();
    const { command, env } = this.#options;
    const { deployment } = order.group;
    const log = join(folder, "worker.log");
    const output = openSync(log, "a");
    try {
      const child = await spawned({
        ...(deployment ? SERVE : programOf(command)),
        output,
        env: {
          ...process.env,
          ...deployment?.env,
          WORKER_PORT: `${port}`,
          WORKER_HTTP_PORT: `${httpPort}`,
          PUBLIC_IPADDR: HOST,
          [`VAST_TCP_PORT_${port}`]: `${port}`,
          CONTAINER_ID: `${order.id}`,
          REPORT_ADDR: order.engineUrl,
          MASTER_TOKEN: order.token,
          WORKER_FOLDER: folder,
          BENCHMARK_FILE: join(folder, ".has_benchmark"),
          ENDPOINT: order.endpoint,
          LAUNCH_ARGS: order.group.launch_args,
          ...env,
          ...(deployment && {
            DEPLOYMENT_ID: `${deployment.id}`,
            CONTAINER_API_KEY: deployment.key,
            VAST_API_URL: order.engineUrl,
          }),
        },
      });
      const identity = identityOf(child.pid);
      this.#running.add(identity);
      void child.ended.then((how) => this.#reportExit(order, identity, folder, how));
      const memo = { folder, port, ...identity };
      // The engine does not wait for it any more, and would never end it.
      if (signal.aborted) await this.stop({ ...order, memo }, never);
      signal.throwIfAborted();
      return memo;
    } finally {
      closeSync(output);
    }
  }

  #reportExit({ onExited }: WorkerOrder, identity: Identity, folder: string, how = "ended"): void {
    this.#running.delete(identity);
    if (this.#ending.delete(identity.pid)) return;
    // Its children may still run, and hold the GPU or a port.
    signalTo(identity, "SIGKILL");
    const log = join(folder, "worker.log");
    const reason = lastErrorLine(log);
    onExited(`its process ${how}${reason === "" ? "" : `: ${reason}`} (see ${log})`);
  }
}

const never = new AbortController().signal;

function identityIn({ pid, startedAt }: Memo): Identity {
  return { pid: Number(pid), startedAt: String(startedAt) };
}

function programOf(command: ProcessProviderOptions["command"]) {
  if (command === undefined) {
    return { program: process.execPath, parameters: [...process.execArgv, MAIN, "simulated-worker"] };
  }
  if (typeof command === "string") return { program: "/bin/sh", parameters: ["-c", command] };
  const [program = "", ...parameters] = command;
  return { program, parameters };
}

/**
 * Different free ports. Another program may take one before the worker listens: the worker then fails, and is rebooted with
 * others.
 */
async function freePorts(count: number, host: string): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, host));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
