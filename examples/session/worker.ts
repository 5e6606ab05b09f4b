import { type HandlerConfig, Worker } from "tsworker";
import { checked, integer, optional, type Rule } from "../checks/payload.js";
import { portVariable, textVariable } from "../checks/variables.js";

/** What the routes have in common: one request at a time, and each weighs the same. */
const control = {
  allowParallelRequests: false,
  maxQueueTime: 30,
  workloadCalculator: () => 100,
} satisfies Partial<HandlerConfig>;

const session: Rule = (value) =>
  typeof value === "string" && value !== ""
    ? undefined
    : "must be the id of the session that the task ends with";

await new Worker({
  modelServerUrl: "http://127.0.0.1",
  modelServerPort: portVariable("MODEL_PORT", 8080),
  modelLogFile: textVariable("MODEL_LOG") ?? "/var/log/model.log",
  modelHealthcheckUrl: "/health",
  // Servers that never write the line below are healthy, too, when they have loaded.
  readiness: "either",
  handlers: [
    {
      ...control,
      route: "/start_task",
      // Refuses what the training server would refuse less clearly, all errors at once.
      requestParser: checked({
        epochs: integer(1),
        max_train_batches_per_epoch: optional(integer(1)),
        session_id: session,
      }),
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
    onLoad: [/^(?:INFO:[\w.]*: *)?Model Server Running\b/],
    onError: [/^Traceback \(most recent call last\):$/],
  },
}).run();
