import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { root } from "../unit/support/documents.js";
import type { OnFinished } from "./instance.js";

/** A worker that logs its version, in TypeScript that Node.js alone would not take. */
export const workerThatLogs = (version: string): string => `import { Worker } from "tsworker";

const version: string = ${JSON.stringify(version)};
const handler = { route: "/version", remoteFunction: (): string => version };
await new Worker({ handlers: [{ ...handler, benchmarkConfig: { generator: () => ({}), runs: 1 } }] }).run();
`;

/**
 * A user's Git repository, on disk, with a worker that logs `one`. It has this package in a folder, with a link to what
 * was built, and depends on it there: npm then uses no registry. It is removed when the test is over.
 */
export class WorkerRepository {
  readonly #folder = mkdtempSync(join(tmpdir(), "tsworker-repository-"));
  readonly #work = join(this.#folder, "repository");

  constructor(files: Readonly<Record<string, string>> = {}, onFinished: OnFinished = onTestFinished) {
    onFinished(() => rmSync(this.#folder, { recursive: true, force: true }));
    const { name, version, type, exports, bin } = JSON.parse(readFileSync(root("package.json"), "utf8"));
    mkdirSync(this.packageFolder, { recursive: true });
    // Without its scripts: npm would build what it is linked to.
    const manifest = JSON.stringify({ name, version, type, exports, bin });
    writeFileSync(join(this.packageFolder, "package.json"), manifest);
    symlinkSync(root("dist"), join(this.packageFolder, "dist"));
    this.#git("init", "--quiet", "--initial-branch=main");
    this.commit({ "package.json": this.manifest(), "worker.ts": workerThatLogs("one"), ...files });
  }

  /** This package, as npm can install it. */
  get packageFolder(): string {
    return join(this.#work, "packages/tsworker");
  }

  get url(): string {
    return `file://${this.#work}`;
  }

  /** The user's package.json, with further dependencies. */
  manifest(dependencies: Readonly<Record<string, string>> = {}): string {
    const all = { tsworker: "file:./packages/tsworker", ...dependencies };
    return JSON.stringify({ name: "my-worker", private: true, dependencies: all });
  }

  /** Commits files on the branch that is checked out. @returns the commit. */
  commit(files: Readonly<Record<string, string>>): string {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.#work, name), text);
    this.#git("add", ".");
    this.#git(
      "-c",
      "user.name=A user",
      "-c",
      "user.email=user@example.com",
      "commit",
      "--quiet",
      "-m",
      "A commit",
    );
    return this.#git("rev-parse", "HEAD");
  }

  /** Commits that a file is there no more. */
  remove(name: string): void {
    rmSync(join(this.#work, name));
    this.commit({});
  }

  /** Commits the lock file that npm makes of package.json. */
  lock(): void {
    execFileSync("npm", ["install", "--package-lock-only"], { cwd: this.#work, stdio: "ignore" });
    this.commit({});
  }

  textAt(commit: string, name: string): string {
    return execFileSync("git", ["-C", this.#work, "show", `${commit}:${name}`], { encoding: "utf8" });
  }

  tag(name: string): void {
    this.#git("tag", name);
  }

  /** Continues on a new branch. */
  branch(name: string): void {
    this.#git("checkout", "--quiet", "-b", name);
  }

  checkout(name: string): void {
    this.#git("checkout", "--quiet", name);
  }

  /** From now on it cannot be fetched from. */
  vanish(): void {
    renameSync(this.#work, join(this.#folder, "gone"));
  }

  #git(...parameters: readonly string[]): string {
    return execFileSync("git", ["-C", this.#work, ...parameters], { encoding: "utf8" }).trim();
  }
}
