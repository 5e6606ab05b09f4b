// The worker under test, as it is published. Its functions need no model server.
import { Worker } from "tsworker";

await new Worker({
  maxSessions: null,
  handlers: [
    {
      route: "/quick",
      remoteFunction: () => 0,
      maxQueueTime: null,
      benchmarkConfig: { generator: () => ({}), runs: 1 },
    },
    { route: "/parallel", remoteFunction: () => 0, allowParallelRequests: true, maxQueueTime: null },
    // Runs until its client leaves, so that all others of its queue wait.
    { route: "/held", remoteFunction: () => new Promise(() => {}), maxQueueTime: null, queue: "held" },
  ],
}).run();
