import { type Command, Option } from "commander";
import { onDemand } from "../command/on-demand.js";
import { numberFrom, port } from "../command/option-values.js";
import { SIM_KINDS } from "../sim/sim-kinds.js";

/** `tsworker dev`: engine, model and a worker that is restarted when its program changes. */
export function addDevCommand(program: Command): void {
  program
    .command("dev")
    .description("develop a worker: engine, simulated model, and the worker, restarted when it changes")
    .argument(
      "[worker]",
      "its file, its folder or an example (default: worker.ts or worker.js, else a simulated one)",
    )
    .option("--port <port>", "port of the engine, 0 for any free one", port, 8080)
    .option("--endpoint <name>", "name of the endpoint", "dev")
    .option("--api-key <key>", "API key of the endpoint", "dev")
    .addOption(
      new Option(
        "--sim <kind>",
        "kind of the simulated model (default: that of the example, else vllm)",
      ).choices(SIM_KINDS.map(({ name }) => name)),
    )
    .option("--no-model", "start no model: the worker has its own")
    .addOption(
      new Option(
        "--model-port <port>",
        "port of the simulated model (default: the usual one of its kind, one more where the engine has that)",
      )
        .env("MODEL_PORT")
        .argParser(port),
    )
    .addOption(
      new Option("--model-log <file>", "log of the simulated model (default: a temporary one)").env(
        "MODEL_LOG",
      ),
    )
    .option("--grace <seconds>", "time for a worker to finish its requests", numberFrom(0), 10)
    .addHelpText(
      "after",
      "\nThe worker gets the environment that it needs. The simulated model replaces the one that its file names;" +
        "\nMODEL_PORT and MODEL_LOG are its port and log, too.",
    )
    .action(onDemand(() => import("./dev-action.js")));
}
