import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { killDescendants } from "../../shared/process-identity.js";

interface DevProcessInput {
  readonly parameters: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Called with every line of its output. */
  readonly onLine: (line: string) => void;
}

/**
 * A Node.js process in a process group of its own: Ctrl-C in the terminal does not reach it, and its descendants end with
 * it, or with this process.
 */
export class DevProcess {
  /** Resolves to a description of its end, when all its output has been read. */
  readonly ended: Promise<string>;
  readonly #pid: number | undefined;
  readonly #kill = (): void => this.#signal("SIGKILL");

  constructor({ parameters, env, onLine }: DevProcessInput) {
    const child = spawn(process.execPath, parameters, {
      env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#pid = child.pid;
    for (const output of [child.stdout, child.stderr]) createInterface({ input: output }).on("line", onLine);
    process.once("exit", this.#kill);
    // Descendants could survive, and hold its output open.
    child.once("exit", this.#kill);
    this.ended = new Promise((resolve) => {
      child.once("error", (error) => resolve(`could not be started: ${error.message}`));
      child.once("close", (code, signal) => {
        process.removeListener("exit", this.#kill);
        resolve(signal ? `was ended by ${signal}` : `exited with ${code}`);
      });
    });
  }

  /** Sends SIGTERM, and SIGKILL after `graceMs`. Resolves when it has ended. */
  async stop(graceMs: number): Promise<void> {
    this.#signal("SIGTERM");
    const limit = setTimeout(this.#kill, graceMs);
    await this.ended;
    clearTimeout(limit);
  }

  #signal(name: NodeJS.Signals): void {
    if (this.#pid === undefined) return;
    // A descendant may have created a process group of its own.
    if (name === "SIGKILL") killDescendants(this.#pid);
    try {
      process.kill(-this.#pid, name);
    } catch {
      // The group has no process left.
    }
  }
}
