import { Worker } from "tsworker";
import { openaiConfig } from "../openai/openai-config.js";

const worker = new Worker(
  openaiConfig({
    loaded: "The server is fired up and ready to roll!",
    failed: ["INFO exited: sglang"],
    benchmark: { concurrency: 10, runs: 3 },
  }),
);

await worker.run();
