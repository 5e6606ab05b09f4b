// The worker under test: with one route that every variant calls, and what a variant turns on.
import { Worker } from "tsworker";

const { VARIANT, MODEL_URL = "" } = process.env;

await new Worker({
  modelServerUrl: MODEL_URL,
  modelHealthcheckUrl: "/health",
  replayProtection: VARIANT === "replayProtection",
  handlers: [
    {
      route: "/v1/completions",
      allowParallelRequests: true,
      maxQueueTime: null,
      benchmarkConfig: { generator: () => ({ prompt: "hello", max_tokens: 128 }), runs: 1, concurrency: 1 },
      ...(VARIANT === "workloadCalculator" && { workloadCalculator: ({ max_tokens }) => Number(max_tokens) }),
      ...(VARIANT === "requestParser" && { requestParser: (payload) => payload }),
    },
  ],
}).run();
