import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../test/support/free-port.js";
import { BenchEngine } from "../bench-engine.js";
import { listens, moveTo, otherCore, spawnOn, stop } from "../process.js";
import { modelConfig } from "./nginx-config.js";

/** What a proxy is measured with. */
export interface Rig {
  readonly engine: BenchEngine;
  readonly directory: string;
  /** Port of an nginx that answers small requests at once. */
  readonly modelPort: number;
  /** Port of a model that streams events and reads long bodies. */
  readonly streamingModelPort: number;
}

/** Sets up an engine and models on another core than the proxy's, runs a benchmark, and takes all of it away again. */
export async function withRig(core: number, run: (rig: Rig) => Promise<void>): Promise<void> {
  const other = otherCore(core);
  await moveTo(other);
  const directory = await mkdtemp(join(tmpdir(), "tsworker-bench-"));
  const engine = await BenchEngine.start(other, directory);
  const [modelPort, streamingModelPort] = [await freePort(), await freePort()];
  await writeFile(join(directory, "model.conf"), modelConfig(directory, modelPort));
  const model = spawnOn(other, "nginx", ["-p", directory, "-c", join(directory, "model.conf")], {
    env: {},
    cwd: directory,
  });
  const script = fileURLToPath(new URL("./streaming-model.js", import.meta.url));
  const streamingModel = spawnOn(other, process.execPath, [script], {
    env: { PORT: String(streamingModelPort) },
    cwd: directory,
  });
  try {
    await listens(modelPort, model);
    await listens(streamingModelPort, streamingModel);
    await run({ engine, directory, modelPort, streamingModelPort });
  } finally {
    await Promise.all([stop(model), stop(streamingModel), engine.stop()]);
    await rm(directory, { recursive: true, force: true });
  }
}
