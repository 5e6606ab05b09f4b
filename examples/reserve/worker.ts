import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "tsworker";
import { checked, optional, type Rule } from "../checks/payload.js";

/** Seconds. */
const MOST = Number(process.env.MAX_RESERVATION_SECONDS || 3600);

const duration: Rule = (value) =>
  Number.isFinite(value) && Number(value) > 0
    ? undefined
    : `must be a number of seconds, or be left out for ${MOST}`;

await new Worker({
  // There is no model server. What a reservation is for is started and stopped here.
  lifecycle: {
    start: () => {
      if (MOST > 0 && MOST <= 86_400) return;
      const given = process.env.MAX_RESERVATION_SECONDS;
      throw new Error(`MAX_RESERVATION_SECONDS: expected a number of seconds up to 86400, got "${given}"`);
    },
  },
  handlers: [
    {
      route: "/reserve",
      maxQueueTime: 30,
      workloadCalculator: () => 100,
      requestParser: checked({ duration: optional(duration) }),
      remoteFunction: async function* ({ duration }, signal) {
        const seconds = Math.min(Number(duration ?? MOST), MOST);
        yield { status: "reserved", seconds };
        // Ends at once when the client leaves, which frees the place.
        await sleep(seconds * 1000, undefined, { signal });
        yield { status: "over", seconds };
      },
      // Nothing is to be measured: a second for a workload of 100 means a capacity of 100.
      benchmarkConfig: { dataset: [{ duration: 1 }], runs: 1, concurrency: 1, doWarmup: false },
    },
  ],
}).run();
