import { text } from "node:stream/consumers";
import { CommanderError } from "commander";
import { type Answer, type RequestStatus, Serverless } from "../../client/index.js";
import { checkEngine } from "../../load/check-engine.js";
import { isPayload, workloadOf } from "../../load/payloads.js";
import { TsworkerError } from "../../shared/errors.js";
import type { Payload } from "../../shared/wire.js";
import { engineAccess } from "../engine-access.js";
import type { EngineFlags } from "../engine-flags.js";
import { sayWhyItWaits } from "../why-it-waits.js";
import { answerText } from "./answer-text.js";

interface CallCommandOptions extends EngineFlags {
  readonly raw?: boolean;
}

/** What `tsworker call` does. */
export async function run(route: string, json: string, options: CallCommandOptions): Promise<void> {
  const { timeout, raw = false } = options;
  const payload = payloadOf(json === "-" ? await text(process.stdin) : json);
  const { engineUrl, endpoint: name, apiKey } = engineAccess(options);
  await checkEngine(engineUrl);
  const left = new AbortController();
  // A reader such as `head` that has enough is no failure; the request is not wanted any more.
  process.stdout.on("error", () => left.abort());
  let status: RequestStatus = "queued";
  const endSaying = sayWhyItWaits(engineUrl, () => status === "polling");
  try {
    const answer = await new Serverless({ apiKey, engineUrl }).endpoint(name).request(route, payload, {
      cost: options.cost ?? workloadOf(payload),
      timeoutMs: timeout * 1000,
      // Not that it were one: the answer is printed as it comes. And one request is one request.
      stream: true,
      retry: false,
      signal: left.signal,
      onStatus: (now) => {
        status = now;
      },
    });
    endSaying();
    if (!answer.ok) await refuse(answer);
    await (raw ? printBytes(answer) : print(answer));
  } catch (error) {
    endSaying();
    if (left.signal.aborted) return;
    if (!(error instanceof TsworkerError)) throw error;
    // What a program would say as an option is a flag here.
    throw new TsworkerError(error.code, error.message.replace("timeoutMs", "--timeout"), { cause: error });
  }
}

function payloadOf(json: string): Payload {
  let payload: unknown;
  try {
    payload = JSON.parse(json);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TsworkerError("CONFIG_INVALID", `the payload is not JSON: ${reason}`, { cause });
  }
  if (isPayload(payload)) return payload;
  throw new TsworkerError("CONFIG_INVALID", `the payload: expected a JSON object, got ${json.slice(0, 60)}`);
}

async function refuse(answer: Answer): Promise<never> {
  console.error(`error: the worker at ${answer.url} answered ${answer.status}`);
  console.error(await answer.text());
  throw new CommanderError(1, "tsworker.refused", "the worker refused");
}

/** JSON whole and indented, the events of a stream, and anything else as it comes. */
async function print(answer: Answer): Promise<void> {
  const type = answer.response.headers.get("content-type") ?? "";
  if (/^text\/event-stream\b/i.test(type)) {
    for await (const data of answer.events()) console.log(data);
  } else if (type === "" || /^application\/(?:[\w.+-]+\+)?json\b/i.test(type)) {
    console.log(answerText(await answer.text(), process.stdout.isTTY));
  } else {
    const last = await printBytes(answer);
    if (last !== LINE_FEED && /^text\/|json/i.test(type)) console.log();
  }
}

const LINE_FEED = 10;

/** Returns the last byte of them. */
async function printBytes(answer: Answer): Promise<number | undefined> {
  let last: number | undefined;
  for await (const piece of answer.bytes()) {
    process.stdout.write(piece);
    last = piece.at(-1) ?? last;
  }
  return last;
}
