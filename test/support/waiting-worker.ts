import type { ServerResponse } from "node:http";
import type { Engine } from "../../src/engine/index.js";
import { startedEngine } from "./started-engine.js";
import { tinyWorker } from "./tiny-worker.js";

/** An engine with one ready worker that answers nothing until the test allows it. */
export async function waitingWorker(): Promise<{
  readonly engine: Engine;
  readonly url: string;
  /** Requests that came so far. */
  readonly came: () => number;
  /** Answers all that wait now. */
  readonly answerAll: () => void;
}> {
  const engine = await startedEngine();
  const waiting: ServerResponse[] = [];
  const { announce, seen, url } = await tinyWorker((response) => waiting.push(response));
  // So fast that its queue is never too long for one more.
  await announce(engine, { max_perf: 1e6 });
  return {
    engine,
    url,
    came: () => seen.length,
    answerAll: () => {
      for (const response of waiting.splice(0)) response.end("{}");
    },
  };
}
