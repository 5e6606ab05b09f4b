import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { TsworkerError } from "../errors.js";
import { packageRoot } from "../package-root.js";

/** What a worker in development is, as Node.js is told. */
export interface DevProgram {
  /** How it is called in front of people. */
  readonly title: string;
  readonly parameters: readonly string[];
  /** Folder whose programs restart it when they change; undefined: nothing does. */
  readonly folder: string | undefined;
  /** Whether it brings its own model. */
  readonly hasModel: boolean;
}

/** Where a worker is looked for when none is named. */
const USUAL = ["worker.ts", "worker.js"] as const;

const MAIN = join(packageRoot, "dist/src/cli/main.js");

const SIMULATED: DevProgram = {
  title: "the simulated worker",
  parameters: [MAIN, "simulated-worker"],
  folder: undefined,
  hasModel: true,
};

/**
 * Finds how to run a worker.
 *
 * @param name its file; undefined: the usual one of the working directory, or else the simulated worker.
 * @throws TsworkerError when there is no such file, or nothing that runs TypeScript.
 */
export function devProgram(name: string | undefined): DevProgram {
  const found = name ?? USUAL.find((usual) => existsSync(usual));
  if (found === undefined) return SIMULATED;
  const file = resolve(found);
  if (!existsSync(file)) {
    throw new TsworkerError("CONFIG_INVALID", `there is no ${file}: name the file of a worker, or none`);
  }
  const folder = dirname(file);
  const loader = /\.[cm]?tsx?$/.test(file) ? ["--import", tsxFrom(folder)] : [];
  return { title: basename(file), parameters: [...loader, file], folder, hasModel: false };
}

/** URL of the tsx that the project in this folder has. */
function tsxFrom(folder: string): string {
  try {
    return pathToFileURL(createRequire(join(folder, "worker.js")).resolve("tsx")).href;
  } catch (cause) {
    const message = `TypeScript needs tsx, which is not there for ${folder}: npm install --save-dev tsx`;
    throw new TsworkerError("CONFIG_INVALID", message, { cause });
  }
}
