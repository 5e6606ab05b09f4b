import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Deployment } from "../../deployment/index.js";
import { deploymentRegistry } from "../../deployment/registry.js";
import { TsworkerError } from "../../shared/errors.js";
import { loadProgram } from "../run/load-program.js";
import { programFailure } from "../run/program-failure.js";
import { shownPath } from "../run/source-place.js";

interface LoadInput {
  /** Path of the file. */
  readonly path: string;
  /** The command, for errors. */
  readonly command: string;
  /** Name of the deployment, where the file has several. */
  readonly name: string | undefined;
  /** As of {@link loadProgram}. */
  readonly folder: URL;
}

/** A deployment with its file. */
export interface LoadedDeployment {
  readonly deployment: Deployment;
  readonly file: string;
}

/**
 * Loads a file, and finds the deployment that it defines.
 *
 * @throws {TsworkerError} `CONFIG_INVALID` when there is no such file, it cannot be loaded, or it has no deployment or several.
 */
export async function loadDeployment({ path, command, name, folder }: LoadInput): Promise<LoadedDeployment> {
  const file = resolve(path);
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    throw invalid(`there is no file ${file}: name that of a deployment, such as deployment.ts`);
  }
  deploymentRegistry.loading = command;
  let exports: Readonly<Record<string, unknown>>;
  try {
    exports = await loadProgram({ file, folder });
  } catch (error) {
    // By its name: the file may have a copy of this package of its own.
    if (error instanceof Error && error.name === TsworkerError.name) throw invalid(error.message);
    throw invalid(`${shownPath(file)} cannot be loaded:\n${programFailure(error, file)}`);
  } finally {
    deploymentRegistry.loading = undefined;
  }
  // A file may import the deployment whose functions it calls.
  const exported = deploymentRegistry.defined.filter((each) => Object.values(exports).includes(each));
  const all = exported.length > 0 ? exported : deploymentRegistry.defined;
  const found = name === undefined ? all : all.filter((each) => each.name === name);
  const [deployment] = found;
  if (deployment !== undefined && found.length === 1) {
    const loaded = deployment as Deployment;
    loaded.checkFunctions();
    return { deployment: loaded, file };
  }
  const names = all.map((each) => each.name).join(", ");
  if (all.length === 0) {
    throw invalid(
      `${shownPath(file)} has no deployment: it needs export const deployment = defineDeployment({ … });`,
    );
  }
  throw invalid(
    found.length === 0
      ? `${shownPath(file)} has no deployment ${name}: it has ${names}`
      : `${shownPath(file)} has several deployments (${names}): choose one with --name, or export only one`,
  );
}

const invalid = (message: string): TsworkerError => new TsworkerError("CONFIG_INVALID", message);
