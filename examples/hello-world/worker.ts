import { type HandlerConfig, PayloadError, Worker } from "tsworker";

/** What the two routes have in common: a request costs the tokens of its prompt, here its words. */
const generation = {
  allowParallelRequests: true,
  maxQueueTime: 30,
  requestParser: (payload) => {
    const { prompt } = payload;
    if (typeof prompt === "string" && prompt.trim() !== "") return payload;
    throw new PayloadError({
      prompt: `must be a text such as "Hello", got ${JSON.stringify(prompt) ?? "nothing"}`,
    });
  },
  workloadCalculator: ({ prompt }) => String(prompt).trim().split(/\s+/).length,
} satisfies Partial<HandlerConfig>;

const worker = new Worker({
  modelServerUrl: "http://127.0.0.1",
  modelServerPort: Number(process.env.MODEL_PORT || 5001),
  modelLogFile: process.env.MODEL_LOG || "/var/log/model/server.log",
  modelHealthcheckUrl: "/health",
  readiness: "either",
  handlers: [
    {
      ...generation,
      route: "/generate",
      benchmarkConfig: { dataset: [{ prompt: "Write a few lines about the sea." }], runs: 3 },
    },
    { ...generation, route: "/generate_stream" },
  ],
  openRoutes: [{ route: "/ping", text: "pong" }, { route: "/healthcheck" }],
  logActionConfig: {
    // Anchored: a prompt with these words, which the server may log, is no line of its own.
    onLoad: [/^infer server has started\b/],
    onError: [/^Exception: corrupted model file\b/],
    onInfo: ['"message":"Download'],
  },
});

await worker.run();
