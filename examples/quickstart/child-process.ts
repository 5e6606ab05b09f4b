import { type ChildProcess as NodeChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** How many of the last lines of its output are shown when a process dies. */
const KEPT_LINES = 12;

/** Milliseconds that a process may take to end before it is killed: the worker drains for up to 30 s. */
const STOP_LIMIT_MS = 35_000;

interface ChildProcessInput {
  readonly name: string;
  /** Path of a TypeScript file, from the root of the project. */
  readonly script: string;
  readonly parameters?: readonly string[];
  /** Variables on top of this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Told of every line of its output. */
  readonly onLine: (line: string) => void;
}

/** A TypeScript program of this project as a process of its own. */
export class ChildProcess {
  readonly name: string;
  /** Rejects when the process ends without having been asked to; never resolves. */
  readonly died: Promise<never>;
  readonly #process: NodeChildProcess;
  readonly #ended: Promise<void>;
  readonly #lastLines: string[] = [];
  #isAskedToEnd = false;

  constructor({ name, script, parameters = [], env, cwd, onLine }: ChildProcessInput) {
    this.name = name;
    // tsx looks for itself and for the path aliases in the working directory, which is another one here.
    const tsx = ["--import", import.meta.resolve("tsx")];
    const paths = { TSX_TSCONFIG_PATH: `${ROOT}tsconfig.json` };
    const child = spawn(process.execPath, [...tsx, `${ROOT}${script}`, ...parameters], {
      cwd,
      env: { ...process.env, ...paths, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own: Ctrl-C then reaches this process only, which ends the others one after the other.
      detached: true,
    });
    this.#process = child;
    for (const output of [child.stdout, child.stderr]) {
      createInterface({ input: output }).on("line", (line) => {
        if (this.#lastLines.push(line) > KEPT_LINES) this.#lastLines.shift();
        onLine(line);
      });
    }
    const killIt = () => child.kill("SIGKILL");
    process.once("exit", killIt);
    this.#ended = new Promise((resolve) => {
      child.once("error", () => resolve());
      child.once("close", () => resolve());
    });
    this.died = this.#ended.then(() => {
      process.removeListener("exit", killIt);
      if (this.#isAskedToEnd) return new Promise<never>(() => {});
      throw new Error(`${name} ended early (${this.#howItEnded()}); its last output:\n${this.#quoted()}`);
    });
    // Whoever waits for it hears of it; nobody has to.
    this.died.catch(() => {});
  }

  /** Asks the process to end, once, and waits; kills it when that takes too long. */
  async stop(): Promise<void> {
    this.#isAskedToEnd = true;
    this.#process.kill("SIGTERM");
    const limit = setTimeout(() => this.#process.kill("SIGKILL"), STOP_LIMIT_MS);
    await this.#ended;
    clearTimeout(limit);
  }

  #howItEnded(): string {
    const { exitCode, signalCode } = this.#process;
    return signalCode ? `by ${signalCode}` : `exit code ${exitCode}`;
  }

  #quoted(): string {
    return this.#lastLines.map((line) => `  | ${line}`).join("\n") || "  (none)";
  }
}
