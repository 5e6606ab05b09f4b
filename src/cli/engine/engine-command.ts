import { type Command, Option } from "commander";
import { onDemand } from "../command/on-demand.js";
import { collected, count, number, numberFrom, port, positive, share } from "../command/option-values.js";

/** `tsworker engine`: runs a local engine until a signal. */
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
    .option("--state <file>", "file that keeps the engine's state over a restart (default: none)")
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
    .action(onDemand(() => import("./engine-action.js")));
}
