import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import {
  type Engine,
  type EngineOptions,
  ProcessProvider,
  type ProcessProviderOptions,
  type WorkerView,
} from "../../src/engine/index.js";
import type { AuthData } from "../../src/shared/wire.js";
import { eventually } from "./eventually.js";
import { SIMULATED_WORKER } from "./simulated-worker.js";
import { ask, startedEngine } from "./started-engine.js";
import { workerStatus } from "./worker-status.js";

interface ProcessEngineOptions extends Partial<EngineOptions> {
  readonly command?: ProcessProviderOptions["command"];
}

/** A worker process takes its time to start, most of all while others do. */
export const SLOW = { timeoutMs: 90_000, intervalMs: 50 };

/** A folder that is gone when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tsworker-engine-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** An engine that starts simulated workers, or those of the test, and no more than the load requires. */
export async function processEngine({
  command = SIMULATED_WORKER,
  scaling,
  ...options
}: ProcessEngineOptions = {}) {
  const provider = new ProcessProvider({ command, folder: await temporaryFolder(), graceSeconds: 10 });
  const engine = await startedEngine({
    provider,
    // What a test reports in a worker's name counts as the worker's.
    token: workerStatus().mtoken,
    scaling: { max_workers: 1, cold_workers: 0, min_load: 0, cold_mult: 1, ...scaling },
    ...options,
  });
  /** Every state that a worker came into, as `id state`. */
  const states: string[] = [];
  const notices: string[] = [];
  engine.on("worker", ({ id, status }) => states.push(`${id} ${status}`));
  engine.on("notice", (notice) => notices.push(notice));
  return { engine, states, notices };
}

/** Sends one completion through the engine as a client does that tries again until it is answered. */
export async function complete(
  engine: Engine,
  tokens = 5,
): Promise<{ readonly requestIdx: number; readonly text: string }> {
  let requestIdx = 0;
  return eventually(
    async () => {
      const asking = { endpoint: "endpoint", api_key: "key", cost: tokens, request_idx: requestIdx };
      const auth_data = await ask<AuthData>(engine, "/route/", asking);
      requestIdx = auth_data.request_idx;
      if (auth_data.url === undefined) throw new Error("no worker yet");
      const payload = { model: "simulated/llm-8b", prompt: "hello", max_tokens: tokens };
      const response = await fetch(`${auth_data.url}/v1/completions`, {
        method: "POST",
        headers: { "content-type": "application/json", connection: "close" },
        body: JSON.stringify({ auth_data, payload }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`the worker answered ${response.status}: ${text}`);
      return { requestIdx, text };
    },
    { ...SLOW, intervalMs: 200 },
  );
}

/** The workers that are in a state. */
export const inState = (engine: Engine, state: WorkerView["status"]): readonly WorkerView[] =>
  engine.workers.filter(({ status }) => status === state);
