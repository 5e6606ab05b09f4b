import type { Closing } from "../../simulator/closing.js";
import { ModelSimulator } from "../../simulator/model-simulator.js";
import type { Failure } from "../../simulator/simulator-options.js";
import { untilSignal } from "../command/signals.js";
import { printEvent } from "../command/terminal.js";
import type { SimKind } from "./sim-kinds.js";

/** Options of `tsworker sim` besides those of a kind. */
export interface SimCommandOptions {
  readonly host: string;
  readonly port: number;
  readonly log?: string;
  readonly loadSeconds: number;
  readonly closing?: Closing;
  readonly fail?: Failure;
  readonly failAt: number;
  readonly restartSeconds?: number;
}

/** Runs `tsworker sim`. */
export async function run(kind: SimKind, { log, ...options }: SimCommandOptions): Promise<void> {
  const ended = untilSignal();
  const onLogLine = (line: string) => printEvent("log", line);
  const model = new ModelSimulator(await kind.model(options), {
    ...options,
    ...(log !== undefined && { logFile: log }),
    onLogLine,
  });
  const url = await model.start();
  printEvent("listening", `${url}  ${model.title}${log === undefined ? "" : `  log ${log}`}`);
  const signal = await ended;
  await model.stop();
  const { completed, cancelled } = model.stats;
  printEvent("stopped", `by ${signal}  ${completed} requests completed, ${cancelled} cancelled`);
}
