import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Worker } from "tsworker";
import { checked, integer, text } from "../checks/payload.js";

/** Hashes in a row: all functions share the worker's one thread, and others want their turn. */
const BURST = 1000;

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

// There is no model server: the functions are the model, and the unit of work is a hash.
await new Worker({
  handlers: [
    {
      // A plain function: its value becomes {"result": …}.
      route: "/digest",
      allowParallelRequests: true,
      requestParser: checked({ text: text("hello") }),
      workloadCalculator: () => 1,
      remoteFunction: ({ text }) => ({ sha256: sha256(String(text)) }),
    },
    {
      // A generator: each value goes out at once, as a line of JSON.
      route: "/chain",
      allowParallelRequests: true,
      requestParser: checked({ text: text("hello"), length: integer(1, 10_000) }),
      workloadCalculator: ({ length }) => Number(length),
      remoteFunction: async function* ({ text, length }) {
        let digest = String(text);
        for (let step = 1; step <= Number(length); step += 1) {
          digest = sha256(digest);
          yield { step, sha256: digest };
        }
      },
    },
    {
      // A long one, one at a time: it stops as soon as its client has left.
      route: "/smallest",
      requestParser: checked({ text: text("hello"), tries: integer(1, 1_000_000_000) }),
      workloadCalculator: ({ tries }) => Number(tries),
      remoteFunction: async ({ text, tries }, signal) => {
        let best = { nonce: 0, sha256: "g" };
        for (let nonce = 1; nonce <= Number(tries) && !signal.aborted; nonce += 1) {
          const digest = sha256(`${text}${nonce}`);
          if (digest < best.sha256) best = { nonce, sha256: digest };
          if (nonce % BURST === 0) await nextTurn();
        }
        return best;
      },
      benchmarkConfig: {
        dataset: [{ text: "benchmark", tries: 100_000 }],
        runs: 2,
        concurrency: 1,
        doWarmup: false,
      },
    },
  ],
}).run();
