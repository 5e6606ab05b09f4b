import { Worker } from "tsworker";
import { openaiConfig } from "../openai/openai-config.js";

const worker = new Worker(
  openaiConfig({
    loaded: "model loaded",
    failed: ["INFO exited: llama", "error loading model", "CUDA error"],
    benchmark: { concurrency: 10, runs: 3 },
  }),
);

await worker.run();
