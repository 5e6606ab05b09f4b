import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { root } from "../unit/support/documents.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";

const SCRIPT = root("deploy/start_worker.sh");

/** Calls what clears up when a test, or a file, is done. */
export type OnFinished = (clear: () => void | Promise<void>) => void;

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * What a GPU instance is to its start script: a folder that outlives a start, variables, and a certificate. It is
 * removed when the test is over.
 */
export class Instance {
  readonly folder = mkdtempSync(join(tmpdir(), "tsworker-instance-"));
  readonly port: number;
  readonly #variables: Variables;

  private constructor(port: number, httpPort: number, variables: Variables, onFinished: OnFinished) {
    this.port = port;
    this.#variables = {
      // npm and git of this machine, and the Node.js of the tests before any other.
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      HOME: process.env.HOME,
      WORKSPACE_DIR: join(this.folder, "workspace"),
      FORCE_UPDATE_FILE: join(this.folder, "force_update"),
      SSL_CERTIFICATE: this.path("etc/instance.crt"),
      SSL_CERTIFICATE_KEY: this.path("etc/instance.key"),
      WORKER_PORT: String(port),
      WORKER_HTTP_PORT: String(httpPort),
      PUBLIC_IPADDR: "127.0.0.1",
      [`VAST_TCP_PORT_${port}`]: String(port),
      CONTAINER_ID: "7",
      MASTER_TOKEN: "the-master-token",
      USE_SSL: "false",
      RETRY_PAUSE: "0",
      ...variables,
    };
    onFinished(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  /**
   * @param variables further ones, or others than the usual; undefined takes one away.
   * @param onFinished when it is removed: after the test, unless several tests share it.
   */
  static async create(variables: Variables, onFinished: OnFinished = onTestFinished): Promise<Instance> {
    return new Instance(await freePort(), await freePort(), variables, onFinished);
  }

  /** Of something in its folder. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** What all starts have written into the log file so far. */
  get log(): string {
    const file = this.path("workspace/worker.log");
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  }

  /** Ends all that runs here at once, as a power cut does. */
  kill(): Promise<void> {
    return eventually(() => {
      const running = processesIn(this.folder);
      for (const pid of running) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // It has ended meanwhile.
        }
      }
      if (running.length > 0) throw new Error(`expected the processes ${running.join(", ")} to end`);
    });
  }

  /** Runs the start script. */
  start(variables: Variables = {}) {
    mkdirSync(this.path("etc"), { recursive: true });
    const child = spawn(SCRIPT, [], {
      cwd: this.folder,
      env: { ...this.#variables, ...variables },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (piece: string) => {
        output += piece;
      });
    }
    const exitCode = new Promise<number | null>((resolve) => child.once("close", resolve));
    onTestFinished(async () => {
      await this.kill();
      await exitCode;
    });
    return {
      /** What it printed so far, the worker's log included. */
      output: () => output,
      /** Resolves when it has ended; null when a signal ended it. */
      exitCode,
      signal: (name: NodeJS.Signals) => child.kill(name),
      /** Waits for a text in the output of this start. */
      says: (text: string) =>
        eventually(
          () => {
            if (!output.includes(text)) throw new Error(`expected "${text}" in:\n${output}`);
          },
          { timeoutMs: 60_000 },
        ),
    };
  }
}

/** The processes that run in a folder or below it, from /proc, whichever process started them. */
function processesIn(folder: string): readonly number[] {
  const cwdOf = (pid: number): string => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`);
    } catch {
      // It has ended meanwhile, or belongs to another user.
      return "";
    }
  };
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && `${cwdOf(pid)}/`.startsWith(`${folder}/`));
}
