import { type HandlerConfig, Worker } from "tsworker";

/** What the two routes have in common: a request costs the tokens that it asks for. */
const generation = {
  allowParallelRequests: true,
  maxQueueTime: 60,
  workloadCalculator: (payload) => Number(payload.max_tokens ?? 0),
} satisfies Partial<HandlerConfig>;

const worker = new Worker({
  modelServerUrl: "http://127.0.0.1",
  modelServerPort: Number(process.env.MODEL_PORT ?? 18000),
  modelLogFile: process.env.MODEL_LOG ?? "/var/log/model/server.log",
  modelHealthcheckUrl: "/health",
  handlers: [
    {
      ...generation,
      route: "/v1/completions",
      benchmarkConfig: {
        generator: () => ({ prompt: "Write a few lines about the sea.", max_tokens: 64 }),
        runs: 3,
        concurrency: 4,
        doWarmup: true,
      },
    },
    { ...generation, route: "/v1/chat/completions" },
  ],
  logActionConfig: {
    onLoad: ["Application startup complete."],
    onError: ["INFO exited: vllm", "RuntimeError: Engine", "Traceback (most recent call last):"],
    onInfo: ['"message":"Download'],
  },
});

await worker.run();
