import { Worker } from "tsworker";
import { openaiConfig } from "../openai/openai-config.js";
import { exited } from "../openai/server-lines.js";

/** What goes before the lines of llama.cpp: a time and a level, where it was asked for them, and the function that speaks. */
const PREFIX = String.raw`^(?:[\d.]+ [A-Z] )?(?:srv +)?\w+: `;

const worker = new Worker(
  openaiConfig({
    loaded: new RegExp(`${PREFIX}model loaded$`),
    failed: [exited("llama"), new RegExp(`${PREFIX}(?:error loading|failed to load) model`)],
    benchmark: { concurrency: 10, runs: 3 },
  }),
);

await worker.run();
