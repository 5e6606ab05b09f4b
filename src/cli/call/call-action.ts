import { text } from "node:stream/consumers";
import { CommanderError } from "commander";
import { type Answer, type RequestStatus, Serverless } from "../../client/index.js";
import { checkEngine } from "../../load/check-engine.js";
import { isPayload, workloadOf } from "../../load/payloads.js";
import { TsworkerError } from "../../shared/errors.js";
import type { Payload } from "../../shared/wire.js";
import { engineAccess } from "../command/engine-access.js";
import type { EngineFlags } from "../command/engine-flags.js";
import { reportWaiting } from "./waiting-reasons.js";

interface CallCommandOptions extends EngineFlags {
  readonly raw?: boolean;
}

/** Runs `tsworker call`. */
export async function run(route: string, json: string, options: CallCommandOptions): Promise<void> {
  const { timeout, raw = false } = options;
  const payload = payloadOf(json === "-" ? await text(process.stdin) : json);
  const { engineUrl, endpoint: name, apiKey } = engineAccess(options);
  await checkEngine(engineUrl);
  const closed = new AbortController();
  // A reader such as `head` that closes the pipe cancels the request, without an error.
  process.stdout.on("error", () => closed.abort());
  let status: RequestStatus = "queued";
  const stopWaiting = reportWaiting(engineUrl, () => status === "polling");
  try {
    const answer = await new Serverless({ apiKey, engineUrl }).endpoint(name).request(route, payload, {
      cost: options.cost ?? workloadOf(payload),
      timeoutMs: timeout * 1000,
      // The answer is printed as it arrives, whether it is a stream or not. No retries: one request is sent.
      stream: true,
      retry: false,
      signal: closed.signal,
      onStatus: (now) => {
        status = now;
      },
    });
    stopWaiting();
    if (!answer.ok) await refuse(answer);
    await (raw ? printBytes(answer) : print(answer));
  } catch (error) {
    stopWaiting();
    if (closed.signal.aborted) return;
    if (!(error instanceof TsworkerError)) throw error;
    // The command line has a flag in place of the option.
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

/** Longest text that is printed whole in a terminal: a picture in base64 would hide everything else. */
const SHOWN_LENGTH = 2000;
const BEGINNING = 60;

/**
 * Indents JSON; anything else stays as it is.
 *
 * @param brief shortens long texts, for a terminal.
 */
export function answerText(body: string, brief: boolean): string {
  const cut = (_: string, value: unknown): unknown =>
    brief && typeof value === "string" && value.length > SHOWN_LENGTH
      ? `${value.slice(0, BEGINNING)}… (${value.length} characters; into a file or a pipe they come whole)`
      : value;
  try {
    return JSON.stringify(JSON.parse(body), cut, 2);
  } catch {
    return body;
  }
}
