import type { Command } from "commander";
import { Engine } from "../engine/index.js";
import { numberFrom, port } from "./option-values.js";
import { printEngineEvents } from "./print-engine-events.js";
import { printEvent } from "./print-event.js";
import { untilSignal } from "./until-signal.js";

interface EngineCommandOptions {
  readonly endpoint: string;
  readonly apiKey: string;
  readonly host: string;
  readonly port: number;
  readonly token?: string;
  readonly silentAfter: number;
}

/** `tsworker engine`: a local engine until it is asked to end. */
export function addEngineCommand(program: Command): void {
  program
    .command("engine")
    .description("run a local serverless engine: serves the public key, routes clients, takes reports")
    .requiredOption("--endpoint <name>", "name of its endpoint")
    .requiredOption("--api-key <key>", "API key of the endpoint")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <port>", "port to listen on, 0 for any free one", port, 8080)
    .option("--token <token>", "master token that workers must send (default: any)")
    .option("--silent-after <seconds>", "route nothing to a worker silent for longer", numberFrom(1), 35)
    .action(runEngine);
}

async function runEngine(options: EngineCommandOptions): Promise<void> {
  const asked = untilSignal();
  const engine = new Engine(options);
  printEngineEvents(engine);
  const url = await engine.start();
  printEvent("listening", `${url}  endpoint ${options.endpoint}`);
  printEvent("hint", `start workers with REPORT_ADDR=${url}`);
  const signal = await asked;
  await engine.stop();
  printEvent("stopped", `by ${signal}`);
}
