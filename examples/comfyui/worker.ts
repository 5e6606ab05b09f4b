import { comfyWorker } from "../comfy/comfy-worker.js";
import { benchmarkPayloads } from "./benchmark.js";

const worker = comfyWorker({
  workload: 100,
  // The warm-up waits for the checkpoint.
  benchmark: { ...benchmarkPayloads(), runs: 3, concurrency: 1, doWarmup: true },
});

await worker.run();
