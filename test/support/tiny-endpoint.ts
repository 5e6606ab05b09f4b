import type { ServerResponse } from "node:http";
import { Serverless, type ServerlessOptions } from "../../src/client/index.js";
import { startedEngine } from "./started-engine.js";
import { type Seen, tinyWorker } from "./tiny-worker.js";

/** An endpoint with one ready worker whose answers the test sets; all is stopped when the test is over. */
export async function tinyEndpoint(
  answer: (response: ServerResponse, seen: Seen, tries: number) => void,
  options: Partial<ServerlessOptions> = {},
) {
  const engine = await startedEngine();
  let tries = 0;
  const worker = await tinyWorker((response, seen) => {
    tries += 1;
    answer(response, seen, tries);
  });
  await worker.announce(engine);
  const serverless = new Serverless({ apiKey: "key", engineUrl: engine.url, ...options });
  return { engine, worker, serverless, endpoint: serverless.endpoint("endpoint") };
}

/** Tries again soon, so that a test does not wait. */
export const SOON = { firstWaitMs: 1, longestWaitMs: 5 } as const;
