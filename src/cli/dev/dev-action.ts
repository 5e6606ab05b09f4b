import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Engine } from "../../engine/index.js";
import { announce } from "../../shared/announcement.js";
import { ModelSimulator } from "../../simulator/model-simulator.js";
import { interruption, unreadOutput } from "../command/signals.js";
import { printEvent } from "../command/terminal.js";
import { simKind } from "../sim/sim-kinds.js";
import { showDev } from "./dev-display.js";
import { checkWorkerPorts, devEnvironment, withPortAdvice } from "./dev-environment.js";
import { devProgram } from "./dev-program.js";
import { DevWorker } from "./dev-worker.js";

interface DevCommandOptions {
  readonly port: number;
  readonly endpoint: string;
  readonly apiKey: string;
  /** False with `--no-model`. */
  readonly model: boolean;
  readonly sim?: string;
  readonly modelPort?: number;
  readonly modelLog?: string;
  /** Seconds. */
  readonly grace: number;
}

/** Runs `tsworker dev`. */
export async function run(name: string | undefined, options: DevCommandOptions): Promise<void> {
  const { endpoint, apiKey, grace } = options;
  const program = devProgram(name);
  const folder = await mkdtemp(join(tmpdir(), "tsworker-dev-"));
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  const interrupt = AbortSignal.any([interruption(removeFolder), unreadOutput()]);
  const engine = new Engine({
    endpoint,
    apiKey,
    port: options.port,
    // A worker's own token is kept.
    token: process.env.MASTER_TOKEN || true,
  });
  let simulator: ModelSimulator | undefined;
  let withdraw = (): void => {};
  try {
    const log = options.modelLog ?? join(folder, "model.log");
    const kind = simKind(options.sim ?? program.model ?? "");
    if (options.model && kind) {
      // If the default port of the kind is the engine's, it takes the next one.
      const usual = kind.port === options.port ? kind.port + 1 : kind.port;
      simulator = new ModelSimulator(await kind.model({}), {
        port: options.modelPort ?? usual,
        logFile: log,
      });
    }
    const engineUrl = await withPortAdvice("choose another port with --port", engine.start());
    const token = engine.token ?? "";
    withdraw = announce({
      kind: "engine",
      url: engineUrl,
      endpoint,
      apiKey,
      token,
      title: `tsworker dev ${name ?? ""}`.trim(),
    });
    const modelUrl =
      simulator &&
      (await withPortAdvice(
        "add --no-model where it is your model server, or choose another port with --model-port",
        simulator.start(),
      ));
    const model =
      simulator && kind && modelUrl !== undefined ? { simulator, url: modelUrl, kind: kind.name } : undefined;
    const env = devEnvironment(process.env, {
      engineUrl,
      token,
      folder,
      model: model && { url: model.url, log },
    });
    await checkWorkerPorts(env);
    const worker = new DevWorker({ program, env, graceMs: grace * 1000 });
    worker.on("away", () => engine.expectAnew(Number(env.CONTAINER_ID)));
    const { title } = program;
    const inspectorPort = env.WORKER_HTTP_PORT ?? "";
    const end = showDev({
      engine,
      endpoint,
      apiKey,
      model,
      otherModel: options.model ? program.otherModel : "the worker's own",
      worker,
      title,
      sample: kind?.sample ?? program.sample,
      inspectorPort,
    });
    await worker.run(interrupt);
    end();
    printEvent("stopped", "worker, model and engine");
  } finally {
    withdraw();
    await simulator?.stop();
    await engine.stop();
    removeFolder();
  }
}
