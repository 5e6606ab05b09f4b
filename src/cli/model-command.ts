import type { Command } from "commander";
import { ModelSimulator } from "../simulator/model-simulator.js";
import { count, numberFrom, port, positive, share } from "./option-values.js";
import { printEvent } from "./print-event.js";
import { untilSignal } from "./until-signal.js";

interface ModelCommandOptions {
  readonly host: string;
  readonly port: number;
  readonly log?: string;
  readonly model: string;
  readonly loadSeconds: number;
  readonly tokensPerSecond: number;
  readonly firstTokenMs: number;
  readonly maxConcurrency?: number;
  readonly jitter: number;
  readonly seed: number;
}

/** `tsworker model`: a simulated model server until it is asked to end. */
export function addModelCommand(program: Command): void {
  program
    .command("model")
    .description("run a simulated OpenAI-compatible model server, with a log like vLLM's")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <port>", "port to listen on, 0 for any free one", port, 18000)
    .option("--log <file>", "file that the log is appended to (default: none)")
    .option("--model <name>", "name of the model", "simulated/llm-8b")
    .option("--load-seconds <seconds>", "time to load", numberFrom(0), 1)
    .option("--tokens-per-second <rate>", "pace of each request", positive, 50)
    .option("--first-token-ms <ms>", "time to the first token", numberFrom(0), 20)
    .option("--max-concurrency <count>", "requests that run at once (default: no limit)", count)
    .option("--jitter <share>", "how much the pace varies, 0 to 1", share, 0.1)
    .option("--seed <number>", "seed of texts and jitter", numberFrom(0), 1)
    .action(runModel);
}

async function runModel({ log, ...options }: ModelCommandOptions): Promise<void> {
  const asked = untilSignal();
  const onLogLine = (line: string) => printEvent("log", line);
  const model = new ModelSimulator({ ...options, ...(log !== undefined && { logFile: log }), onLogLine });
  const url = await model.start();
  printEvent("listening", `${url}  model ${options.model}${log === undefined ? "" : `  log ${log}`}`);
  const signal = await asked;
  await model.stop();
  const { completed, cancelled } = model.stats;
  printEvent("stopped", `by ${signal}  ${completed} requests completed, ${cancelled} cancelled`);
}
