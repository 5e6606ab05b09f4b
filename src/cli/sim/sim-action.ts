import type { Closing } from "../../simulator/closing.js";
import { ModelSimulator } from "../../simulator/model-simulator.js";
import type { Failure } from "../../simulator/simulator-options.js";
import { printEvent } from "../call/print-event.js";
import { untilSignal } from "../until-signal.js";
import type { SimKind } from "./sim-kind.js";

/** What `tsworker sim` is given besides the flags of a kind. */
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

/** What `tsworker sim` does. */
export async function run(kind: SimKind, { log, ...options }: SimCommandOptions): Promise<void> {
  const asked = untilSignal();
  const onLogLine = (line: string) => printEvent("log", line);
  const model = new ModelSimulator(await kind.model(options), {
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
