import { type HandlerConfig, PayloadError, Worker } from "tsworker";

/** What the routes have in common: one request at a time, and each weighs the same. */
const control = {
  allowParallelRequests: false,
  maxQueueTime: 30,
  workloadCalculator: () => 100,
} satisfies Partial<HandlerConfig>;

const isCount = (value: unknown): boolean => Number.isInteger(value) && Number(value) > 0;

/** Refuses what the training server would refuse less plainly, all faults at once. */
const checkTask: HandlerConfig["requestParser"] = (payload) => {
  const { epochs, max_train_batches_per_epoch: batches, session_id: session } = payload;
  const faults: Record<string, string> = {};
  const got = (value: unknown): string => `got ${JSON.stringify(value) ?? "nothing"}`;
  if (!isCount(epochs)) faults.epochs = `expected a whole number from 1 on, ${got(epochs)}`;
  if (batches !== undefined && !isCount(batches)) {
    faults.max_train_batches_per_epoch = `expected a whole number from 1 on, or none, ${got(batches)}`;
  }
  if (typeof session !== "string" || session === "") {
    faults.session_id = `expected the id of the session that the task ends with, ${got(session)}`;
  }
  if (Object.keys(faults).length > 0) throw new PayloadError(faults);
  return payload;
};

await new Worker({
  modelServerUrl: "http://127.0.0.1",
  modelServerPort: Number(process.env.MODEL_PORT ?? 8080),
  modelLogFile: process.env.MODEL_LOG ?? "/var/log/model.log",
  modelHealthcheckUrl: "/health",
  // Servers that never write the line below are healthy, too, when they have loaded.
  readiness: "either",
  handlers: [
    {
      ...control,
      route: "/start_task",
      requestParser: checkTask,
      benchmarkConfig: {
        dataset: [{ epochs: 1, max_train_batches_per_epoch: 1, session_id: "benchmark" }],
        runs: 1,
        concurrency: 1,
        doWarmup: false,
      },
    },
    { ...control, route: "/status" },
    { ...control, route: "/cancel_task" },
  ],
  logActionConfig: {
    onLoad: ["Model Server Running"],
    onError: ["Traceback (most recent call last):"],
  },
}).run();
