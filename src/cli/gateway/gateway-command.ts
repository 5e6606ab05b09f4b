import type { Command } from "commander";
import { addEngineAddress } from "../command/engine-flags.js";
import { onDemand } from "../command/on-demand.js";
import { collected, count, numberFrom, port, seconds } from "../command/option-values.js";

/** `tsworker gateway`: OpenAI's API in front of an engine, until a signal. */
export function addGatewayCommand(program: Command): void {
  const command = program
    .command("gateway")
    .description("serve OpenAI's API to any client, and send its requests to workers through an engine")
    .option(
      "-e, --endpoint <name>",
      "endpoint at /<name>/v1/…; a single one also at /v1/…; may be repeated (default: that of the engine on this machine)",
      collected,
      [],
    )
    .option(
      "-k, --api-key <key>",
      "the gateway's key at the engine (default: that of the engine on this machine; VAST_API_KEY for another one)",
    );
  addEngineAddress(command)
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <port>", "port to listen on", port, 4000)
    .option(
      "--keys-file <file>",
      'JSON file {"keys": [{"name": "alice", "key": "…"}]} with the clients\' API keys; it is read again when it changes',
    )
    .option("--anywhere", "let everybody call who reaches the port, also beyond loopback", false)
    .option(
      "--model <name>",
      "model that GET /v1/models lists; may be repeated (default: what the workers list)",
      collected,
      [],
    )
    .option(
      "--cost <workload>",
      "workload of each request (default: from its limit of tokens, as the examples' workers compute it)",
      numberFrom(0),
    )
    .option(
      "--wait <seconds>",
      "how long a request may wait for a worker, further tries included",
      seconds,
      60,
    )
    .option("--attempts <count>", "most tries of a request before the first byte of an answer", count, 10)
    .option("--max-body <bytes>", "largest body of a request", count, 32 * 1024 * 1024)
    .option("--metrics-port <port>", "port of /metrics and /healthz on 127.0.0.1 (default: none)", port)
    .option("--drain <seconds>", "how long requests in progress may take after SIGTERM", seconds, 600)
    .addHelpText(
      "after",
      "\nWhile tsworker dev or tsworker engine runs on this machine:\n" +
        "  tsworker gateway\n" +
        "  curl http://127.0.0.1:4000/v1/completions -H 'content-type: application/json' \\\n" +
        `    -d '{"model": "simulated/llm-8b", "prompt": "Hello", "max_tokens": 8}'`,
    )
    .action(onDemand(() => import("./gateway-action.js")));
}
