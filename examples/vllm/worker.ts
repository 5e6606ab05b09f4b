import { Worker } from "tsworker";
import { openaiConfig } from "../openai/openai-config.js";

const worker = new Worker(
  openaiConfig({
    logFile: "/var/log/portal/vllm.log",
    loaded: "Application startup complete.",
    benchmark: { concurrency: 100, runs: 2 },
  }),
);

await worker.run();
