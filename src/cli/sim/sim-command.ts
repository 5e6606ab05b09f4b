import { type Command, Option } from "commander";
import { CLOSINGS, type Closing } from "../../simulator/closing.js";
import { ModelSimulator } from "../../simulator/model-simulator.js";
import { FAILURES, type Failure } from "../../simulator/simulator-options.js";
import { count, port, secondsFromZero } from "../option-values.js";
import { printEvent } from "../print-event.js";
import { untilSignal } from "../until-signal.js";
import type { SimKind } from "./sim-kind.js";
import { SIM_KINDS } from "./sim-kinds.js";

interface SimCommandOptions {
  readonly host: string;
  readonly port: number;
  readonly log?: string;
  readonly loadSeconds: number;
  readonly closing?: Closing;
  readonly fail?: Failure;
  readonly failAt: number;
  readonly restartSeconds?: number;
}

/** `tsworker sim <kind>`: a simulated model server until it is asked to end. */
export function addSimCommand(program: Command): void {
  const sim = program
    .command("sim")
    .description("run a simulated model server, which needs no GPU: its interface, its pace, its log")
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
        "when it closes connections: as this web server (default: as the real one)",
      ).choices(CLOSINGS),
    )
    .addOption(new Option("--fail <how>", "what goes wrong (default: nothing)").choices(FAILURES))
    .option("--fail-at <number>", "whose answer crash-in-answer breaks off: a request's number", count, 1)
    .option(
      "--restart-seconds <seconds>",
      "time after which one that has died is started again, and works (default: never)",
      secondsFromZero,
    )
    .action((options: SimCommandOptions) => runSim(kind, options));
}

async function runSim(kind: SimKind, { log, ...options }: SimCommandOptions): Promise<void> {
  const asked = untilSignal();
  const onLogLine = (line: string) => printEvent("log", line);
  const model = new ModelSimulator(kind.model(options), {
    ...options,
    ...(log !== undefined && { logFile: log }),
    onLogLine,
  });
  const url = await model.start();
  printEvent("listening", `${url}  ${model.title}${log === undefined ? "" : `  log ${log}`}`);
  const signal = await asked;
  await model.stop();
  const { completed, cancelled } = model.stats;
  printEvent("stopped", `by ${signal}  ${completed} requests completed, ${cancelled} cancelled`);
}
