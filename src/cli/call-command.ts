import { text } from "node:stream/consumers";
import { type Command, CommanderError } from "commander";
import { type Answer, Serverless } from "../client/index.js";
import { TsworkerError } from "../errors.js";
import { checkEngine } from "../load/check-engine.js";
import { payloadsIn } from "../load/payloads.js";
import { workloadOf } from "../load/workload-of.js";
import type { Payload } from "../wire.js";
import { addEngineFlags, type EngineFlags, engineUrlOf } from "./engine-flags.js";

interface CallCommandOptions extends EngineFlags {
  readonly raw?: boolean;
}

/** `tsworker call`: one request through an engine, and its answer. */
export function addCallCommand(program: Command): void {
  const command = program
    .command("call")
    .description("send one request through an engine and print the answer, a stream as it comes")
    .argument("<route>", "route of the worker, such as /v1/completions")
    .argument("<json>", "the payload, a JSON object; - reads it from standard input");
  addEngineFlags(command)
    .option(
      "--raw",
      "print the bytes of the answer as they are, instead of JSON indented and one event per line",
    )
    .addHelpText("after", "\nAn answer that is not 2xx goes to standard error, and the exit code is 1.")
    .action(runCall);
}

async function runCall(route: string, json: string, options: CallCommandOptions): Promise<void> {
  const { endpoint: name, apiKey, timeout, raw = false } = options;
  const payload = payloadOf(json === "-" ? await text(process.stdin) : json);
  const engineUrl = engineUrlOf(options);
  await checkEngine(engineUrl);
  const limit = AbortSignal.timeout(timeout * 1000);
  const left = new AbortController();
  // A reader such as `head` that has enough is no failure; the request is not wanted any more.
  process.stdout.on("error", () => left.abort());
  try {
    const answer = await new Serverless({ apiKey, engineUrl }).endpoint(name).request(route, payload, {
      cost: options.cost ?? workloadOf(payload),
      timeoutMs: timeout * 1000,
      // Not that it were one: the answer is printed as it comes. And one request is one request.
      stream: true,
      retry: false,
      signal: AbortSignal.any([limit, left.signal]),
    });
    if (!answer.ok) await refuse(answer);
    await (raw ? printBytes(answer) : print(answer));
  } catch (error) {
    if (left.signal.aborted) return;
    throw told(error, limit, timeout);
  }
}

/** What a person can do something about, in one line. */
function told(error: unknown, limit: AbortSignal, timeout: number): unknown {
  if (error instanceof TsworkerError || error instanceof CommanderError) return error;
  const message = limit.aborted
    ? `the answer was not there within ${timeout} s (--timeout)`
    : `the answer broke off: ${error instanceof Error ? error.message : String(error)}`;
  return new TsworkerError("ANSWER_BROKEN", message, { cause: error });
}

function payloadOf(json: string): Payload {
  const [payload, ...more] = payloadsIn(json, "the payload");
  if (payload === undefined || more.length > 0) {
    throw new TsworkerError("CONFIG_INVALID", "the payload: expected one JSON object, got several");
  }
  return payload;
}

async function refuse(answer: Answer): Promise<never> {
  console.error(`error: the worker at ${answer.url} answered ${answer.status}`);
  console.error(await answer.text());
  throw new CommanderError(1, "tsworker.refused", "the worker refused");
}

async function print(answer: Answer): Promise<void> {
  if (/^text\/event-stream\b/.test(answer.response.headers.get("content-type") ?? "")) {
    for await (const data of answer.events()) console.log(data);
    return;
  }
  const body = await answer.text();
  console.log(indented(body));
}

async function printBytes(answer: Answer): Promise<void> {
  for await (const piece of answer.bytes()) process.stdout.write(piece);
}

/** JSON as one reads it; anything else as it is. */
function indented(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
