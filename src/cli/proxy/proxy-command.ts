import { type Command, InvalidArgumentError } from "commander";
import { onDemand } from "../command/on-demand.js";
import { count, positive, seconds } from "../command/option-values.js";

/** `tsworker proxy`: a worker without an engine in front of a running server with OpenAI's API. */
export function addProxyCommand(program: Command): void {
  program
    .command("proxy")
    .description("run a worker in front of a server with OpenAI's API: no file, no variable, no engine")
    .argument(
      "<url>",
      "the model server, such as http://127.0.0.1:8000; /v1 at its end is left out",
      serverUrl,
    )
    .option("--port <port>", "port to listen on; the next one has /metrics, on 127.0.0.1", listenPort, 3000)
    .option("--host <address>", "address to listen on; one beyond loopback requires keys", "127.0.0.1")
    .option(
      "--keys-file <file>",
      'JSON file {"keys": [{"name": "alice", "key": "…"}]} with the clients\' API keys; it is read again when it changes (default: API_KEYS_FILE, and the keys of API_KEYS)',
    )
    .option("--open-anywhere", "let everybody call who reaches the port, also beyond loopback", false)
    .option("--model <name>", "model that is measured (default: the first chat model of /v1/models)")
    .option("--model-key <key>", "key that the model server expects (default: MODEL_API_KEY)", modelKey)
    .option(
      "--health <path>",
      "path that is answered with 200 when the model is ready (default: /health, or /v1/models)",
      path,
    )
    .option(
      "--capacity <units>",
      "capacity in units of workload, such as tokens, per second (default: measured at the start)",
      positive,
    )
    .option("--concurrency <count>", "requests that the model is sent at once; others wait", count, 64)
    .option(
      "--max-queue-time <seconds>",
      "a request that would wait longer is refused with 429",
      seconds,
      600,
    )
    .option("--inspect", "serve the inspector, a page that shows requests and queues", false)
    .addHelpText(
      "after",
      "\nIn front of a simulated vLLM:\n" +
        "  tsworker sim vllm --port 8000\n" +
        "  tsworker proxy http://127.0.0.1:8000\n" +
        "  curl http://127.0.0.1:3000/v1/models",
    )
    .action(onDemand(() => import("./proxy-action.js")));
}

/** Reads the base URL of a server, without the `/v1` that clients have at its end. */
function serverUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "")
    throw new InvalidArgumentError("It must be a URL such as http://127.0.0.1:8000, without a query.");
  return text.trim().replace(/\/+$/, "").replace(/\/v1$/, "");
}

/** Reads a port whose next one can be used, too. */
function listenPort(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < 1 || value > 65534)
    throw new InvalidArgumentError("It must be an integer from 1 to 65534.");
  return value;
}

function modelKey(text: string): string {
  if (!/^[\x21-\x7e]+$/.test(text))
    throw new InvalidArgumentError("It must be visible ASCII characters without blanks.");
  return text;
}

function path(text: string): string {
  if (!/^\/[^\s?#]*$/.test(text)) throw new InvalidArgumentError("It must be a path such as /health.");
  return text;
}
