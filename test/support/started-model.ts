import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { ModelSimulator } from "../../src/simulator/model-simulator.js";
import { eventually } from "./eventually.js";
import { type SimulatedVllmOptions, simulatedVllm } from "./simulated-vllm.js";

interface StartedModel {
  readonly model: ModelSimulator;
  readonly url: string;
  readonly logFile: string;
  /** The log as it is now. */
  readonly log: () => Promise<string>;
}

/** A fast simulated model with a log in a folder of its own, loaded; all of it goes when the test is over. */
export async function startedModel(options: SimulatedVllmOptions = {}): Promise<StartedModel> {
  const folder = await mkdtemp(join(tmpdir(), "tsworker-model-"));
  const logFile = join(folder, "model.log");
  const fast = { loadSeconds: 0, tokensPerSecond: 10_000, firstTokenMs: 0 };
  const model = simulatedVllm({ ...fast, logFile, ...options });
  onTestFinished(async () => {
    await model.stop();
    await rm(folder, { recursive: true });
  });
  const url = await model.start();
  await eventually(() => model.state === "ready");
  return { model, url, logFile, log: () => readFile(logFile, "utf8") };
}
