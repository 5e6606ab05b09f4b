import { once } from "node:events";
import { Serverless } from "tsworker/client";
import type { Engine } from "tsworker/engine";
import { type Answered, plainRequest, streamedRequest } from "./requests.js";
import { heading, line, paint, printError } from "./screen.js";
import { API_KEY, ENDPOINT, Stack } from "./stack.js";
import { endedTable, ran, reportTable, seconds, waited } from "./tables.js";
import { until } from "./until.js";
import { WorkerStory } from "./worker-story.js";

/** Seconds until the worker must be ready: some five are usual. */
const READY_LIMIT = 120;

/** Seconds until the engine must have been told of a request that has ended. */
const TOLD_LIMIT = 30;

/**
 * Runs a whole serverless stack on this machine and shows what happens: a worker comes up, is sent two requests,
 * and reports. Resolves to the exit code, with everything ended that was started.
 *
 * @param options - `once`: ends by itself; otherwise it serves until Ctrl-C.
 */
export async function quickstart({ once: isOnce }: { readonly once: boolean }): Promise<number> {
  const ending = new AbortController();
  // The handlers stay to the end: a second Ctrl-C must not leave processes behind.
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => ending.abort());
  const story = new WorkerStory();
  let stack: Stack | undefined;
  let exitCode = 0;
  try {
    heading("tsworker quickstart: engine, model and worker on this machine");
    stack = await Stack.start((text) => story.tell(text));
    await Promise.race([tell(stack, story, isOnce, ending.signal), stack.died]);
  } catch (error) {
    if (!ending.signal.aborted) {
      printError(error instanceof Error ? error.message : String(error));
      exitCode = 1;
    }
  }
  heading("The end");
  // What is still waiting, when it was not the story that ended first, waits no longer.
  ending.abort();
  await stack?.stop();
  return exitCode;
}

/** @throws when it comes to nothing, or the signal is aborted. */
async function tell(stack: Stack, story: WorkerStory, isOnce: boolean, signal: AbortSignal): Promise<void> {
  const { engine } = stack;
  line("engine", `${engine.url}   endpoint ${ENDPOINT}, in this process`);
  line("model", `${stack.modelUrl}   simulated, a process of its own`);
  line("worker", `${stack.workerUrl}   examples/hello-world/worker.ts, a process of its own`);

  heading("The worker becomes ready");
  await until("a ready worker", READY_LIMIT, signal, () => story.state === "ready");

  const endpoint = new Serverless({ apiKey: API_KEY, engineUrl: engine.url }).endpoint(ENDPOINT);
  heading("A request, answered whole");
  const plain = await plainRequest(endpoint, signal);
  heading("A request, answered token by token");
  const streamed = await streamedRequest(endpoint, signal);

  await until("the report of both requests", TOLD_LIMIT, signal, () => isTold(engine, [plain, streamed]));
  heading("What the engine was told: status reports");
  console.log(reportTable(engine.reports, story.startedAt));
  heading("What the engine was told: ended requests");
  console.log(endedTable(engine.ended));
  if (!isOnce) await serve(stack, signal);
}

/** Whether the engine knows that the requests have ended, and the work that they were. */
function isTold({ totals }: Engine, requests: readonly Answered[]): boolean {
  const work = requests.reduce((sum, { cost }) => sum + cost, 0);
  return totals.servedLoad >= work && requests.every(({ requestIdx }) => totals.endedTimes.has(requestIdx));
}

/** Prints how to call the stack, and then what is asked of it. */
async function serve({ engine, workerUrl }: Stack, signal: AbortSignal): Promise<void> {
  heading("Now you: ask the engine for the worker, and the worker for an answer");
  const asking = JSON.stringify({ endpoint: ENDPOINT, api_key: API_KEY, cost: 64 });
  const payload = JSON.stringify({ prompt: "Hello", max_tokens: 64, stream: true }).replaceAll('"', '\\"');
  console.log(
    [
      `AUTH=$(curl -s ${engine.url}/route/ \\`,
      `  -d '${asking}')`,
      `curl -sN ${workerUrl}/v1/completions \\`,
      `  -d "{\\"auth_data\\":$AUTH,\\"payload\\":${payload}}"`,
    ].join("\n"),
  );
  console.log(`\n  ${paint("dim", "Ctrl-C ends it all.")}\n`);
  engine.on("ended", (ended) => {
    for (const end of ended) {
      line(
        `request ${end.request_idx}`,
        `${end.status}  waited ${seconds(waited(end))} s  ran ${seconds(ran(end))} s`,
      );
    }
  });
  if (!signal.aborted) await once(signal, "abort");
}
