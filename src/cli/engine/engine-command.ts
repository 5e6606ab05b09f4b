import { once } from "node:events";
import { type Command, Option } from "commander";
import { announce } from "../../announcement.js";
import { Engine, ProcessProvider, type ScalingParameters } from "../../engine/index.js";
import { interruption } from "../interruption.js";
import { collected, count, number, numberFrom, port, positive, share } from "../option-values.js";
import { printEvent } from "../print-event.js";
import { unreadOutput } from "../unread-output.js";
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

/** `tsworker engine`: a local engine until it is asked to end. */
export function addEngineCommand(program: Command): void {
  program
    .command("engine")
    .description(
      "run a local serverless engine: serves the public key, routes clients, takes reports, scales",
    )
    .requiredOption("--endpoint <name>", "name of its endpoint")
    .requiredOption("--api-key <key>", "API key of the endpoint")
    .option("--account-key <key>", "API key of the web calls (default: that of the endpoint)")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <port>", "port to listen on, 0 for any free one", port, 8080)
    .option("--token <token>", "master token that workers must send, empty for any (default: a new one)")
    .option("--cors <origin>", "origin whose pages may call it, * for any; may be repeated", collected, [])
    .option("--silent-after <seconds>", "route nothing to a worker silent for longer", numberFrom(1), 35)
    .option("--state <file>", "file that the engine goes on from after a restart (default: none)")
    .addOption(
      new Option(
        "--provider <kind>",
        "where workers come from: they announce themselves, or are started here",
      )
        .choices(["static", "process"])
        .default("static"),
    )
    .option("--worker-command <line>", "what a started worker is (default: a simulated one)")
    .option(
      "--worker-folder <folder>",
      "where started workers keep what they write (default: a temporary one)",
    )
    .option("--max-workers <count>", "most workers, active and inactive", count)
    .option("--min-workers <count>", "workers kept with their model at hand", numberFrom(0))
    .option("--min-load <load>", "least active capacity, workload per second", numberFrom(0))
    .option("--min-cold-load <load>", "least total capacity, workload per second", numberFrom(0))
    .option("--target-util <share>", "share of the active capacity that the load may fill", share)
    .option("--cold-mult <factor>", "total capacity as a multiple of the active one", numberFrom(1))
    .option("--max-queue-time <seconds>", "expected queue beyond which a worker gets no more", positive)
    .option("--target-queue-time <seconds>", "expected queue beyond which capacity is added", positive)
    .option("--inactivity-timeout <seconds>", "idle time after which no worker need be active", number)
    .action(runEngine);
}

async function runEngine(options: EngineCommandOptions): Promise<void> {
  const asked = AbortSignal.any([
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
    // One that was given is known to who gave it, and may be a secret of others, too.
    const secret = options.token === undefined ? ` MASTER_TOKEN=${token}` : "";
    printEvent("hint", `start workers with REPORT_ADDR=${url}${secret}`);
  }
  if (!asked.aborted) await once(asked, "abort");
  if (provider !== undefined && engine.workers.length > 0) {
    printEvent("stopping", "workers finish their requests; Ctrl-C again kills them");
  }
  await engine.stop();
  printEvent("stopped", `by ${asked.reason}`);
}

/** The parameters that were given, by their names on the wire. */
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
