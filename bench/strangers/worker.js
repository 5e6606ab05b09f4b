// The worker that strangers send to, as it is published.
import { Worker } from "tsworker";

await new Worker({
  modelServerUrl: process.env.MODEL_URL ?? "",
  modelHealthcheckUrl: "/health",
  handlers: [
    {
      route: "/plain",
      allowParallelRequests: true,
      maxQueueTime: null,
      workloadCalculator: () => 1,
      benchmarkConfig: { generator: () => ({}), runs: 1, concurrency: 1, doWarmup: false },
    },
    {
      route: "/parsed",
      allowParallelRequests: true,
      maxQueueTime: null,
      requestParser: (payload) => payload,
    },
    {
      route: "/multipart",
      allowParallelRequests: true,
      maxQueueTime: null,
      multipart: { files: { file: { extensions: ["wav"], defaultFilename: "audio.wav" } } },
    },
  ],
}).run();
