import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Payload, PayloadError, Worker } from "tsworker";

/** Hashes in a row: all functions share the worker's one thread, and others want their turn. */
const BURST = 1000;

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** The payload, if it has a text and, where a field is named, a whole number in it; else the client gets 422. */
function checked(payload: Payload, field?: string, most = 0): Payload {
  const { text } = payload;
  const got = (value: unknown): string => `got ${JSON.stringify(value) ?? "nothing"}`;
  if (typeof text !== "string") throw new PayloadError({ text: `expected a text, ${got(text)}` });
  if (field === undefined) return payload;
  const value = payload[field];
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most) return payload;
  throw new PayloadError({ [field]: `expected a whole number from 1 to ${most}, ${got(value)}` });
}

// There is no model server: the functions are the model, and the unit of work is a hash.
await new Worker({
  handlers: [
    {
      // A plain function: its value becomes {"result": …}.
      route: "/digest",
      allowParallelRequests: true,
      requestParser: (payload) => checked(payload),
      workloadCalculator: () => 1,
      remoteFunction: ({ text }) => ({ sha256: sha256(String(text)) }),
    },
    {
      // A generator: each value goes out at once, as a line of JSON.
      route: "/chain",
      allowParallelRequests: true,
      requestParser: (payload) => checked(payload, "length", 10_000),
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
      requestParser: (payload) => checked(payload, "tries", 1_000_000_000),
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
