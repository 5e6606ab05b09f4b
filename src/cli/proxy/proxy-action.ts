import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AccessConfig, Worker } from "../../index.js";
import { TsworkerError } from "../../shared/errors.js";
import { isLoopback } from "../../shared/url.js";
import { printEvent } from "../command/terminal.js";
import { chatModel, ModelServer } from "./model-server.js";
import { openAiRoutes } from "./openai-routes.js";

interface ProxyOptions {
  readonly port: number;
  readonly host: string;
  readonly keysFile?: string;
  readonly openAnywhere: boolean;
  readonly model?: string;
  readonly modelKey?: string;
  readonly health?: string;
  readonly capacity?: number;
  readonly concurrency: number;
  /** Seconds. */
  readonly maxQueueTime: number;
  readonly inspect: boolean;
}

/** Units per second where the capacity cannot be measured. */
const ASSUMED_CAPACITY = 1000;
/** Seconds that the model may take to load: a person who started it watches it. */
const START_TIMEOUT_S = 86_400;

/** Runs `tsworker proxy`. */
export async function run(url: string, options: ProxyOptions): Promise<void> {
  const { port, host, capacity, concurrency, maxQueueTime, health } = options;
  const access = accessOf(options);
  const directory = await mkdtemp(join(tmpdir(), "tsworker-proxy-"));
  // Of the proxy alone: nothing is written into the working directory.
  const capacityFile = join(directory, "capacity");
  if (capacity !== undefined) await writeFile(capacityFile, String(capacity));
  const { env } = process;
  env.WORKER_PORT = String(port);
  env.WORKER_HTTP_PORT ??= String(port + 1);
  env.BENCHMARK_FILE = capacityFile;
  // Events are printed as text.
  env.LOG_LEVEL ||= "warn";
  if (options.modelKey !== undefined) env.MODEL_API_KEY = options.modelKey;
  const server = new ModelServer({
    url,
    key: options.modelKey ?? (env.MODEL_API_KEY?.trim() || undefined),
    health,
  });
  let model = options.model;
  const worker = new Worker({
    access,
    host,
    modelServerUrl: url,
    modelHealthcheckUrl: await server.healthPath(),
    startTimeout: START_TIMEOUT_S,
    inspect: options.inspect,
    handlers: openAiRoutes({
      concurrency,
      maxQueueTime,
      isFair: access.mode === "apiKey",
      model: () => model,
    }),
    lifecycle: {
      start: async (signal) => {
        const models = await server.ready(signal, (reason) =>
          printEvent("waiting", `for the model at ${origin(url)}: ${reason}`),
        );
        model ??= chatModel(models);
        if (capacity !== undefined) return;
        printEvent("measuring", `the capacity with ${model ?? "a chat"}`);
        const fault = await server.chatFault(model, signal);
        signal.throwIfAborted();
        if (fault === undefined) return;
        await writeFile(capacityFile, String(ASSUMED_CAPACITY));
        printEvent(
          "warning",
          `the capacity cannot be measured (${fault}): ${ASSUMED_CAPACITY} units per second are assumed; name another one with --capacity, or a chat model with --model`,
        );
      },
    },
  });
  worker.on("state", (state) => {
    if (state === "ready") printReady(options, access, model);
    else if (state === "errored")
      printEvent("error", `the model at ${origin(url)} has failed: requests are refused until it is back`);
    else if (state === "draining")
      printEvent("draining", "new requests are refused, those in progress finish");
  });
  printEvent("proxy", `${addressOf(options)} in front of ${origin(url)}, ${accessText(access)}`);
  try {
    await worker.run();
  } catch (error) {
    if (!(error instanceof TsworkerError) || error.code !== "PORT_UNAVAILABLE") throw error;
    // Its advice names the variables that the options of this command set.
    const [reason = ""] = error.message.split(";");
    throw new TsworkerError("PORT_UNAVAILABLE", `${reason}; choose another --port or --host`, {
      cause: error,
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** @throws TsworkerError `CONFIG_INVALID` for an address beyond loopback without keys. */
function accessOf({ host, port, keysFile, openAnywhere }: ProxyOptions): AccessConfig {
  if (keysFile !== undefined) return { mode: "apiKey", keysFile };
  if (process.env.API_KEYS?.trim() || process.env.API_KEYS_FILE) return { mode: "apiKey" };
  if (isLoopback(host) || openAnywhere) return { mode: "open", anywhere: openAnywhere };
  throw new TsworkerError(
    "CONFIG_INVALID",
    `--host ${host}: expected API keys, because others than this machine reach that address: name a file with --keys-file, or set ` +
      `API_KEYS=alice:$(openssl rand -hex 16); to let everybody use the model who reaches port ${port}, add --open-anywhere`,
  );
}

function printReady(options: ProxyOptions, access: AccessConfig, model: string | undefined): void {
  const key = access.mode === "apiKey" ? " -H 'authorization: Bearer <key>'" : "";
  const body = { model: model ?? "<model>", messages: [{ role: "user", content: "Hello" }] };
  printEvent("ready", `base_url for OpenAI clients: ${addressOf(options)}/v1`);
  console.log(
    `  curl ${addressOf(options)}/v1/chat/completions${key} -H 'content-type: application/json' -d '${JSON.stringify(body)}'`,
  );
  const local = `http://127.0.0.1:${process.env.WORKER_HTTP_PORT}`;
  console.log(`  metrics: ${local}/metrics${options.inspect ? `  inspector: ${local}/inspect` : ""}`);
}

/** Where a client on this machine reaches the proxy. */
function addressOf({ host, port }: ProxyOptions): string {
  const reached = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${isIPv6(reached) ? `[${reached}]` : reached}:${port}`;
}

const accessText = ({ mode }: AccessConfig): string =>
  mode === "apiKey" ? "for clients with an API key" : "open to everybody who reaches it";

/** Without credentials. */
const origin = (url: string): string => new URL(url).origin;
