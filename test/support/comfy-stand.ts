import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { Serverless } from "../../src/client/index.js";
import { tsworkerIn } from "./command-line.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";
import { startedEngine } from "./started-engine.js";

interface ComfyStandOptions {
  /** Flags of the simulated ComfyUI. */
  readonly sim?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the worker measures the model; otherwise it finds a result. @default false */
  readonly measures?: boolean;
  /** That result, in workload per second. @default 1000000 */
  readonly performance?: number;
}

/** Programs start, TypeScript is compiled, and other tests run beside them. */
const SLOW = { timeoutMs: 45_000, intervalMs: 50 };

/**
 * An example with ComfyUI: an engine, `tsworker sim comfyui` and `tsworker run <example>`, the latter two as processes of
 * their own. All of it is gone when the test is over.
 */
export async function comfyStand(
  example: "comfyui" | "wan" | "ace",
  { sim = [], env = {}, measures = false, performance = 1_000_000 }: ComfyStandOptions = {},
) {
  const folder = await mkdtemp(join(tmpdir(), "tsworker-comfy-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const log = join(folder, "model.log");
  if (!measures) await writeFile(join(folder, ".has_benchmark"), String(performance));
  const engine = await startedEngine();
  const modelPort = String(await freePort());
  const [port, httpPort] = [String(await freePort()), String(await freePort())];
  const pace = ["--step-ms", "1", "--load-seconds", "0.2"];
  const model = tsworkerIn(
    { cwd: folder },
    ...["sim", "comfyui", "--port", modelPort, "--log", log, ...pace, ...sim],
  );
  await eventually(() => expectText(model, "listening"), SLOW);
  const variables = {
    MODEL_PORT: modelPort,
    MODEL_LOG: log,
    REPORT_ADDR: engine.url,
    WORKER_PORT: port,
    WORKER_HTTP_PORT: httpPort,
    PUBLIC_IPADDR: "127.0.0.1",
    [`VAST_TCP_PORT_${port}`]: port,
    CONTAINER_ID: "7",
    ...env,
  };
  const worker = tsworkerIn({ cwd: folder, env: variables }, "run", example);
  const lines = (): readonly Readonly<Record<string, unknown>>[] =>
    worker
      .stdout()
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .flatMap((line) => parsed(line));
  const states = (): readonly string[] =>
    lines().flatMap(({ msg, state }) => (msg === "state" ? [String(state)] : []));
  const endpoint = new Serverless({ apiKey: "key", engineUrl: engine.url }).endpoint("endpoint");
  return {
    folder,
    engine,
    endpoint,
    modelUrl: `http://127.0.0.1:${modelPort}`,
    modelLog: () => readFile(log, "utf8"),
    /** Workload of all requests that the worker has taken. */
    received: async (): Promise<number> => {
      const text = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
      return Number(/^tsworker_workload_received_total\S* (\S+)$/m.exec(text)?.[1]);
    },
    /** The worker's log, without a last line that is not whole yet. */
    lines,
    /** Every state that the worker came into. */
    states,
    /** Waits until the worker is in a state, after so many others. */
    until: (state: string, after = 0): Promise<void> =>
      eventually(() => {
        const reached = states().slice(after);
        if (!reached.includes(state))
          throw new Error(`not ${state}: ${states()}\n${worker.stdout()}${worker.stderr()}`);
      }, SLOW),
    /** Runs the example's client, as its README says. */
    client: async (...parameters: readonly string[]) => {
      const variables = { VAST_API_KEY: "key", ENGINE_URL: engine.url, ENDPOINT_NAME: "endpoint" };
      const client = tsworkerIn({ cwd: folder, env: variables }, "run", `${example}/client`, ...parameters);
      const exitCode = await client.exitCode;
      return { exitCode, stdout: client.stdout(), stderr: client.stderr() };
    },
  };
}

function expectText({ stdout, stderr }: { stdout(): string; stderr(): string }, text: string): void {
  if (!stdout().includes(text)) throw new Error(`no ${text} in: ${stdout()}${stderr()}`);
}

function parsed(line: string): readonly Readonly<Record<string, unknown>>[] {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}
