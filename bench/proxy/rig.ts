import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Engine } from "tsworker/engine";
import { freePort } from "../../test/support/free-port.js";
import { moveTo, otherCore, spawnOn, stop } from "../process.js";
import { modelConfig } from "./nginx-config.js";

/** What a proxy is measured with. */
export interface Rig {
  readonly engine: Engine;
  readonly engineUrl: string;
  readonly directory: string;
  /** Port of a model that answers at once. */
  readonly modelPort: number;
}

/** Sets up an engine and a model on another core than the proxy's, runs a benchmark, and takes all of it away again. */
export async function withRig(core: number, run: (rig: Rig) => Promise<void>): Promise<void> {
  await moveTo(otherCore(core));
  const directory = await mkdtemp(join(tmpdir(), "tsworker-bench-"));
  const engine = new Engine({ endpoint: "bench", apiKey: "bench" });
  const modelPort = await freePort();
  await writeFile(join(directory, "model.conf"), modelConfig(directory, modelPort));
  const model = spawnOn(
    otherCore(core),
    "nginx",
    ["-p", directory, "-c", join(directory, "model.conf")],
    {},
    directory,
  );
  try {
    await run({ engine, engineUrl: await engine.start(), directory, modelPort });
  } finally {
    await stop(model);
    await engine.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
