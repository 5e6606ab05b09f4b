import { once } from "node:events";
import { Engine, ProcessProvider, type ScalingParameters } from "../../engine/index.js";
import { announce } from "../../shared/announcement.js";
import { interruption, unreadOutput } from "../command/signals.js";
import { printEvent } from "../command/terminal.js";
import { printEngineEvents } from "./print-engine-events.js";

interface EngineCommandOptions {
  readonly endpoint: string;
  readonly apiKey: string;
  readonly accountKey?: string;
  readonly host: string;
  readonly port: number;
  readonly token?: string;
  readonly cors: readonly string[];
  readonly silentAfter: number;
  readonly state?: string;
  readonly provider: "static" | "process";
  readonly workerCommand?: string;
  readonly workerFolder?: string;
  readonly maxWorkers?: number;
  readonly minWorkers?: number;
  readonly minLoad?: number;
  readonly minColdLoad?: number;
  readonly targetUtil?: number;
  readonly coldMult?: number;
  readonly maxQueueTime?: number;
  readonly targetQueueTime?: number;
  readonly inactivityTimeout?: number;
}

/** Runs `tsworker engine`. */
export async function run(options: EngineCommandOptions): Promise<void> {
  const interrupt = AbortSignal.any([
    interruption(() => printEvent("killed", "workers that had not ended")),
    unreadOutput(),
  ]);
  const { workerCommand: command, workerFolder: folder } = options;
  const provider =
    options.provider === "process"
      ? new ProcessProvider({
          ...(command !== undefined && { command }),
          ...(folder !== undefined && { folder }),
        })
      : undefined;
  const engine = new Engine({
    ...options,
    token: options.token ?? true,
    scaling: scalingOf(options),
    provider,
  });
  printEngineEvents(engine);
  const url = await engine.start();
  const { endpoint, apiKey } = options;
  const { token } = engine;
  announce({
    kind: "engine",
    url,
    endpoint,
    apiKey,
    ...(token !== undefined && { token }),
    title: "tsworker engine",
  });
  printEvent("listening", `${url}  endpoint ${endpoint}`);
  if (provider === undefined) {
    // A given token is known to the user, and may be a secret elsewhere, too.
    const secret = options.token === undefined ? ` MASTER_TOKEN=${token}` : "";
    printEvent("hint", `start workers with REPORT_ADDR=${url}${secret}`);
  }
  if (!interrupt.aborted) await once(interrupt, "abort");
  if (provider !== undefined && engine.workers.length > 0) {
    printEvent("stopping", "workers finish their requests; Ctrl-C again kills them");
  }
  await engine.stop();
  printEvent("stopped", `by ${interrupt.reason}`);
}

/** The given parameters, by their names on the wire. */
function scalingOf(options: EngineCommandOptions): Partial<ScalingParameters> {
  const given = {
    max_workers: options.maxWorkers,
    cold_workers: options.minWorkers,
    min_load: options.minLoad,
    min_cold_load: options.minColdLoad,
    target_util: options.targetUtil,
    cold_mult: options.coldMult,
    max_queue_time: options.maxQueueTime,
    target_queue_time: options.targetQueueTime,
    inactivity_timeout: options.inactivityTimeout,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
