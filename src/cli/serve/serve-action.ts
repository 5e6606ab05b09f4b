import { Worker } from "../../index.js";
import { deployedCode } from "./deployed-code.js";
import { loadDeployment } from "./deployment-file.js";

interface ServeCommandOptions {
  readonly name?: string;
}

/** Runs `tsworker serve`. */
export async function run(given: string | undefined, options: ServeCommandOptions): Promise<void> {
  const { path, name } = given === undefined ? await deployedCode() : { path: given, name: options.name };
  const folder = new URL("../run/", import.meta.url);
  const { deployment } = await loadDeployment({ path, command: "tsworker serve", name, folder });
  await new Worker(deployment.workerConfig()).run();
}
