import { Worker } from "../../index.js";
import { loadDeployment } from "./deployment-file.js";

interface ServeCommandOptions {
  readonly name?: string;
}

/** Runs `tsworker serve`. */
export async function run(path: string, { name }: ServeCommandOptions): Promise<void> {
  const { deployment } = await loadDeployment({
    path,
    command: "tsworker serve",
    name,
    folder: new URL("../run/", import.meta.url),
  });
  await new Worker(deployment.workerConfig()).run();
}
