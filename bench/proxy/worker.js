// The worker under test, as it is published: JavaScript, because compiling on the fly changes what is measured.
import { Worker } from "tsworker";

await new Worker({
  modelServerUrl: process.env.MODEL_URL ?? "",
  modelHealthcheckUrl: "/health",
  handlers: [
    {
      route: "/v1/completions",
      allowParallelRequests: true,
      // Checked, and never reached: a short benchmark on a busy machine finds a low capacity.
      maxQueueTime: 86_400,
      workloadCalculator: ({ max_tokens }) => Number(max_tokens),
      benchmarkConfig: { generator: () => ({ prompt: "hello", max_tokens: 128 }), runs: 2, concurrency: 4 },
    },
    { route: "/v1/stream", allowParallelRequests: true, maxQueueTime: null },
    // The workload is the cost that the client was signed for: nothing needs the payload's value.
    { route: "/v1/embeddings", allowParallelRequests: true, maxQueueTime: null },
  ],
}).run();
