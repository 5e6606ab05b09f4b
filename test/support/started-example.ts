import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type Endpoint, Serverless } from "../../src/client/index.js";
import type { Engine } from "../../src/engine/index.js";
import { tsworkerIn } from "./command-line.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";
import { startedEngine } from "./started-engine.js";

/** Programs start, one of them compiles TypeScript, and other tests run beside them. */
const SLOW = { timeoutMs: 45_000, intervalMs: 20 };

type Running = ReturnType<typeof tsworkerIn>;

export interface StartedExample {
  readonly engine: Engine;
  readonly endpoint: Endpoint;
  readonly worker: Running;
  /** The simulated model server; undefined where the example has none. */
  readonly model: Running | undefined;
  /** Waits until the worker is in a state, and its log has told so. */
  readonly reaches: (state: string) => Promise<void>;
  /** Runs the example's client to its end. */
  readonly client: () => Promise<{ readonly exitCode: number | null; readonly output: string }>;
}

export interface StartedExampleOptions {
  /** What `tsworker sim` is given, the kind first. @default there is no model server */
  readonly sim?: readonly string[];
  /** Variables of the worker. */
  readonly env?: Readonly<Record<string, string>>;
}

/** An example as its user runs it: engine, `tsworker sim` and `tsworker run`, all gone when the test is over. */
export async function startedExample(
  name: string,
  { sim, env: more }: StartedExampleOptions = {},
): Promise<StartedExample> {
  const cwd = await mkdtemp(join(tmpdir(), "tsworker-example-"));
  onTestFinished(() => rm(cwd, { recursive: true, force: true }));
  const engine = await startedEngine();
  const [port, httpPort, modelPort] = [await freePort(), await freePort(), await freePort()];
  const log = join(cwd, "model.log");
  const model = sim && tsworkerIn({ cwd }, "sim", ...sim, "--port", String(modelPort), "--log", log);
  const env = {
    WORKER_PORT: String(port),
    WORKER_HTTP_PORT: String(httpPort),
    PUBLIC_IPADDR: "127.0.0.1",
    [`VAST_TCP_PORT_${port}`]: String(port),
    CONTAINER_ID: "7",
    REPORT_ADDR: engine.url,
    ...(sim && { MODEL_PORT: String(modelPort), MODEL_LOG: log }),
    ...more,
  };
  const worker = tsworkerIn({ cwd, env }, "run", name);
  // What whoever died has said explains a test that fails.
  onTestFinished(({ task }) => {
    if (task.result?.state === "fail") console.error(worker.stdout(), worker.stderr(), model?.stdout());
  });
  const states = () =>
    [...worker.stdout().matchAll(/"state":"(\w+)".*"msg":"state"/g)].map(([, state]) => state);
  return {
    engine,
    endpoint: new Serverless({ apiKey: "key", engineUrl: engine.url }).endpoint("endpoint"),
    worker,
    model,
    reaches: async (state) => {
      await eventually(() => {
        if (states().at(-1) !== state)
          throw new Error(`expected the state ${state}, went through ${states()}`);
      }, SLOW);
    },
    client: async () => {
      const client = { VAST_API_KEY: "key", ENGINE_URL: engine.url, ENDPOINT_NAME: "endpoint" };
      const run = tsworkerIn({ cwd, env: client }, "run", `${name}/client`);
      const exitCode = await run.exitCode;
      return { exitCode, output: run.stdout() + run.stderr() };
    },
  };
}
