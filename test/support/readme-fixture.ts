import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../unit/support/documents.js";
import { eventually } from "./eventually.js";

/** A command of a README, and the output that is printed right below it. */
export interface Step {
  readonly command: string;
  readonly output: string | undefined;
}

/** The steps of an example's README, in order: its `sh` blocks, with the `text` block that follows one. */
export async function stepsOf(example: string): Promise<readonly Step[]> {
  return stepsIn(await readFile(root(`examples/${example}/README.md`), "utf8"));
}

/** The same for any page. */
export function stepsIn(text: string): readonly Step[] {
  const blocks = [...text.matchAll(/^```(sh|text)\n(.*?)^```$/gms)];
  return blocks.flatMap(([, language, code = ""], at) => {
    if (language !== "sh") return [];
    const next = blocks[at + 1];
    return [{ command: code.trim(), output: next?.[1] === "text" ? next[2]?.trim() : undefined }];
  });
}

/** A pattern for a sample of output: numbers may be others, and a line with nothing but `…` matches any lines. */
export function patternOf(sample: string): RegExp {
  const lines = sample.split("\n").map((line) => {
    if (line.trim() === "…") return "(?:.*\\n)*?.*";
    return line
      .trimEnd()
      .replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")
      .replace(/\d+(?:\\\.\d+)?/g, "\\d+(?:\\.\\d+)?")
      .replace(/ +/g, " +");
  });
  return new RegExp(`^${lines.join(" *\\n")}\\s*$`);
}

/** The folder of a new user, in which `npx tsworker` is this package, and the processes started there. */
export class ReadmeFixture {
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #running = new Map<ChildProcess, Promise<number | null>>();

  private constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.folder = folder;
    this.#env = env;
  }

  static async create(): Promise<ReadmeFixture> {
    const folder = await mkdtemp(join(tmpdir(), "tsworker-readme-"));
    await mkdir(join(folder, "node_modules"));
    await symlink(root("."), join(folder, "node_modules", "tsworker"));
    await writeFile(join(folder, "package.json"), '{ "type": "commonjs" }\n');
    // npx itself takes a second to find out what is there.
    const bin = join(folder, "bin");
    await mkdir(bin);
    const main = join(folder, "node_modules", "tsworker", "dist/src/cli/main.js");
    await writeFile(join(bin, "npx"), `#!/bin/sh\nshift\nexec "${process.execPath}" "${main}" "$@"\n`);
    await chmod(join(bin, "npx"), 0o755);
    return new ReadmeFixture(folder, { ...process.env, PATH: `${bin}:${process.env.PATH}` });
  }

  /** Starts a command that runs until it is stopped. @returns its output up to now. */
  start(command: string): () => string {
    return this.#spawn(command).output;
  }

  /** Runs a command to its end. @throws when its exit code is not 0. */
  async run(command: string): Promise<string> {
    const { child, output } = this.#spawn(command);
    const code = await this.#running.get(child);
    if (code !== 0) throw new Error(`${command}\nended with ${code}:\n${output()}`);
    return output();
  }

  /** Stops all processes, as Ctrl-C does. */
  async close(): Promise<void> {
    for (const child of this.#running.keys()) if (child.exitCode === null) signal(child, "SIGINT");
    try {
      await eventually(() => [...this.#running.keys()].every(hasEnded), { timeoutMs: 30_000 });
    } finally {
      for (const child of this.#running.keys()) signal(child, "SIGKILL");
      await rm(this.folder, { recursive: true, force: true });
    }
  }

  #spawn(command: string) {
    const child = spawn("sh", ["-c", command], {
      cwd: this.folder,
      env: this.#env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (piece: string) => {
        output += piece;
      });
    }
    this.#running.set(child, new Promise((resolve) => child.once("close", resolve)));
    return { child, output: () => output };
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

/** To the whole group: the shell and what it runs. */
function signal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // The group has no process left.
  }
}
