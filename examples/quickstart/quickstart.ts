import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Endpoint, Serverless } from "tsworker/client";
import { Dev } from "./dev.js";
import { type Answered, plainRequest, streamedRequest } from "./requests.js";
import { heading, line, paint, printError } from "./screen.js";
import { endedTable, endsIn, figuresOf, reportTable } from "./tables.js";
import { WorkerStory } from "./worker-story.js";

/** Which example is shown. */
const EXAMPLE = "vllm";

/** Seconds until the worker must be ready, and until the report must have reached the engine: a few are usual. */
const LIMIT = 120;

/**
 * Runs a whole serverless stack on this machine by `tsworker dev` and shows what happens: a worker comes up, is sent
 * two requests, and reports. Resolves to the exit code, with everything ended that was started.
 *
 * @param options - `once`: ends by itself; otherwise it serves until Ctrl-C.
 */
export async function quickstart({ once: isOnce }: { readonly once: boolean }): Promise<number> {
  const ending = new AbortController();
  const { signal } = ending;
  // The handlers stay to the end: a second Ctrl-C must not leave processes behind.
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => ending.abort());
  // The worker keeps its benchmark's result in its working directory: a fresh one, so that it measures.
  const folder = await mkdtemp(join(tmpdir(), "tsworker-quickstart-"));
  const dev = await Dev.start([EXAMPLE], folder);
  let exitCode = 0;
  try {
    await Promise.race([demonstrate(dev, isOnce, signal), dev.died, aborted(signal)]);
  } catch (error) {
    if (!signal.aborted) {
      printError(error instanceof Error ? error.message : String(error));
      exitCode = 1;
    }
  }
  heading("The end");
  ending.abort();
  await dev.stop();
  await rm(folder, { recursive: true, force: true });
  return exitCode;
}

/** @throws when a step fails, or the signal is aborted. */
async function demonstrate(dev: Dev, isOnce: boolean, signal: AbortSignal): Promise<void> {
  const story = new WorkerStory();
  const engine = dev.waitFor("engine", "http");
  const model = dev.waitFor("model", "http");
  const ready = dev.waitFor("worker", "ready");
  heading("tsworker quickstart: engine, model and worker on this machine");
  line("engine", await engine);
  line("model", await model);
  line("worker", `npx tsworker dev ${EXAMPLE}`);

  heading("The worker becomes ready");
  dev.on("event", (label, text) => {
    // The first is its name.
    if (label === "worker" && !text.startsWith("example ")) story.printState(text);
    else if (text.startsWith("benchmark round")) story.printRound(text);
  });
  await within(LIMIT, "a ready worker", ready, signal);

  const [engineUrl = ""] = (await engine).split(" ");
  const endpoint = new Serverless({ apiKey: "dev", engineUrl }).endpoint("dev");
  heading("A request, answered whole");
  const plain = await plainRequest(endpoint, signal);
  heading("A request, answered token by token");
  const streamed = await streamedRequest(endpoint, signal);

  const reported = reportOf(endpoint, [plain, streamed], signal);
  const { debug, trace } = await within(LIMIT, "the report of both requests", reported, signal);
  heading("Reports that the engine received");
  console.log(reportTable(debug, story.startedAt));
  heading("Ended requests that were reported");
  console.log(endedTable(trace));
  if (!isOnce) await serve(dev, signal);
}

/** Waits until the engine has received the ends of the requests, and their workload. @returns its logs. */
async function reportOf(endpoint: Endpoint, requests: readonly Answered[], signal: AbortSignal) {
  const work = requests.reduce((sum, { cost }) => sum + cost, 0);
  for (;;) {
    const logs = await endpoint.logs(1000, { signal });
    const ended = endsIn(logs.trace).map(({ requestIdx }) => requestIdx);
    const served = logs.debug.split("\n").reduce((sum, each) => sum + (figuresOf(each).cur_perf ?? 0), 0);
    if (served >= work && requests.every(({ requestIdx }) => ended.includes(requestIdx))) return logs;
    await sleep(200, undefined, { signal });
  }
}

/** Prints how to call the stack, and then its requests. */
async function serve(dev: Dev, signal: AbortSignal): Promise<void> {
  heading("Now you");
  console.log(dev.addresses.map((each) => (each.startsWith("#") ? paint("dim", each) : each)).join("\n"));
  console.log(`\n  ${paint("dim", "Ctrl-C stops all processes.")}\n`);
  dev.on("event", (label, text) => {
    if (label === "routed" || label === "ended" || label === "no worker") line(label, text);
  });
  await aborted(signal);
}

/** @throws when it takes longer, or the signal is aborted. */
async function within<T>(seconds: number, what: string, wanted: Promise<T>, signal: AbortSignal): Promise<T> {
  const limit = sleep(seconds * 1000, undefined, { signal, ref: false }).then(() => {
    throw new Error(`${what} did not come within ${seconds} s`);
  });
  return Promise.race([wanted, limit]);
}

/** Rejects when the signal is aborted; never resolves. */
async function aborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, "abort");
  signal.throwIfAborted();
  throw signal.reason;
}
