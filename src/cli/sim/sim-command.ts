import { type Command, Option } from "commander";
import { CLOSINGS } from "../../simulator/closing.js";
import { FAILURES } from "../../simulator/simulator-options.js";
import { onDemand } from "../command/on-demand.js";
import { count, port, secondsFromZero } from "../command/option-values.js";
import type { SimCommandOptions } from "./sim-action.js";
import { SIM_KINDS, type SimKind } from "./sim-kinds.js";

const runSim = onDemand(() => import("./sim-action.js"));

/** `tsworker sim <kind>`: runs a simulated model server until a signal. */
export function addSimCommand(program: Command): void {
  const sim = program
    .command("sim")
    .description("run a simulated model server, which needs no GPU: its interface, its speed, its log")
    .showHelpAfterError("(see --help)");
  for (const kind of SIM_KINDS) addKind(sim, kind);
}

function addKind(sim: Command, kind: SimKind): void {
  const command = sim
    .command(kind.name)
    .description(kind.description)
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <port>", "port to listen on, 0 for any free one", port, kind.port)
    .option("--log <file>", "file that the log is appended to (default: none)")
    .option("--load-seconds <seconds>", "time to load", secondsFromZero, 1);
  kind.addFlags(command);
  command
    .addOption(
      new Option(
        "--closing <how>",
        "the web server as which it closes connections (default: as the real one)",
      ).choices(CLOSINGS),
    )
    .addOption(new Option("--fail <how>", "how it fails (default: not at all)").choices(FAILURES))
    .option("--fail-at <number>", "number of the request whose answer crash-in-answer interrupts", count, 1)
    .option(
      "--restart-seconds <seconds>",
      "time after a crash until it starts again, without the failure (default: never)",
      secondsFromZero,
    )
    .action((options: SimCommandOptions) => runSim(kind, options));
}
