import { comfyWorker } from "../comfy/comfy-worker.js";
import { PROMPTS } from "./prompts.js";

const { BENCHMARK_TEST_WIDTH, BENCHMARK_TEST_HEIGHT, BENCHMARK_TEST_STEPS } = process.env;

/** A picture as the benchmark asks for it. */
const modificationsOf = (prompt: string) => ({
  prompt,
  width: Number(BENCHMARK_TEST_WIDTH || 512),
  height: Number(BENCHMARK_TEST_HEIGHT || 512),
  steps: Number(BENCHMARK_TEST_STEPS || 20),
  // Equal workflows are not executed twice.
  seed: "__RANDOM_INT__",
});

const worker = comfyWorker({
  workload: 100,
  benchmark: {
    dataset: PROMPTS.map((prompt) => ({
      input: { modifier: "Text2Image", modifications: modificationsOf(prompt) },
    })),
    runs: 3,
    concurrency: 1,
    // The first picture waits for the checkpoint.
    doWarmup: true,
  },
});

await worker.run();
