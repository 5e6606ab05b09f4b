import { type Answer, type Endpoint, TsworkerError, type TsworkerErrorCode } from "../client/index.js";
import { generatedTokens } from "../shared/generated-tokens.js";
import type { Payload } from "../shared/wire.js";
import { eventContent } from "./event-content.js";

/** Where a request failed: at the engine, by the worker's answer, by the connection, by its time, or at the end of the test. */
export type FailurePlace = "engine" | "worker" | "connection" | "timeout" | "cut off";

export interface Failure {
  readonly ok: false;
  readonly where: FailurePlace;
  /** A status or an error code. */
  readonly what: string;
  readonly message: string;
}

export interface Success {
  readonly ok: true;
  /** Tokens that the answer reports, else the pieces of text of a stream; 0 without either. */
  readonly tokens: number;
  /** Whether the tokens are counted pieces of text. */
  readonly isCounted: boolean;
  /** The beginning of the answer. */
  readonly text: string;
}

interface ExchangeInput {
  readonly endpoint: Endpoint;
  readonly route: string;
  readonly payload: Payload;
  readonly cost: number;
  readonly timeoutMs: number;
  /** Aborts the request. */
  readonly cut: AbortSignal;
  /** The engine has named a worker, and the request is being sent to it. */
  readonly onRouted: () => void;
  /** A worker has begun to answer. */
  readonly onAnswer: (url: string) => void;
  /** The first byte of a successful answer has arrived; of a stream the first event. */
  readonly onFirstByte: () => void;
  readonly onEvent: () => void;
}

/** Length of excerpts of answers, in characters. */
const EXCERPT_LENGTH = 200;

/** Characters of an answer that are searched for its tokens; the rest is discarded. */
const SEARCHED_LENGTH = 1_000_000;

/** Sends a request, once, and reads its whole answer. Never rejects: errors are results. */
export async function exchange(input: ExchangeInput): Promise<Success | Failure> {
  try {
    return await attempt(input);
  } catch (error) {
    if (input.cut.aborted) return failure("cut off", "cut off", "it was in flight when the test was ended");
    if (!(error instanceof TsworkerError)) return failure("connection", "unknown", String(error));
    const { code, message } = error;
    return failure(PLACES[code] ?? "engine", code, message);
  }
}

/** Where requests failed, by the client's error; the engine for others. */
const PLACES: Readonly<Partial<Record<TsworkerErrorCode, FailurePlace>>> = {
  ANSWER_BROKEN: "connection",
  REQUEST_TIMEOUT: "timeout",
  WORKER_REFUSED: "worker",
  WORKER_UNREACHABLE: "connection",
};

async function attempt(input: ExchangeInput): Promise<Success | Failure> {
  const { endpoint, route, payload, cost, cut, timeoutMs, onRouted, onAnswer } = input;
  const answer = await endpoint.request(route, payload, {
    cost,
    signal: cut,
    timeoutMs,
    // Retries would hide the failures that are measured here.
    retry: false,
    // Answers of any type are read from their first byte on.
    stream: true,
    onStatus: (status) => {
      if (status === "in progress") onRouted();
    },
  });
  onAnswer(answer.url);
  if (!answer.ok) {
    const body = (await answer.text()).slice(0, EXCERPT_LENGTH);
    return failure("worker", String(answer.status), `${answer.url} answered ${answer.status}: ${body}`);
  }
  return isEventStream(answer) ? events(answer, input) : whole(answer, input);
}

const isEventStream = ({ response }: Answer): boolean =>
  /^text\/event-stream\b/i.test(response.headers.get("content-type") ?? "");

async function events(answer: Answer, { onFirstByte, onEvent }: ExchangeInput): Promise<Success | Failure> {
  let text = "";
  let hasBegun = false;
  let reported: number | undefined;
  let pieces = 0;
  for await (const data of answer.events()) {
    if (!hasBegun) onFirstByte();
    hasBegun = true;
    if (text.length < EXCERPT_LENGTH) text += `${data}\n`;
    if (data === "[DONE]") continue;
    onEvent();
    const content = eventContent(data);
    if (content.error !== undefined) {
      return failure(
        "worker",
        "error event",
        `${answer.url} sent an error: ${content.error.slice(0, EXCERPT_LENGTH)}`,
      );
    }
    pieces += content.pieces;
    reported = generatedTokens(data) ?? reported;
  }
  return { ok: true, ...tokensOf(reported, pieces), text: text.slice(0, EXCERPT_LENGTH) };
}

async function whole(answer: Answer, { onFirstByte }: ExchangeInput): Promise<Success> {
  const decoder = new TextDecoder();
  let text = "";
  let hasBegun = false;
  for await (const bytes of answer.bytes()) {
    if (!hasBegun) onFirstByte();
    hasBegun = true;
    if (text.length < SEARCHED_LENGTH) text += decoder.decode(bytes, { stream: true });
  }
  const pieces = isLines(answer) ? piecesInLines(text) : 0;
  return { ok: true, ...tokensOf(generatedTokens(text), pieces), text: text.slice(0, EXCERPT_LENGTH) };
}

/** The number that the answer reports takes precedence. */
const tokensOf = (reported: number | undefined, pieces: number): Pick<Success, "tokens" | "isCounted"> => ({
  tokens: reported ?? pieces,
  isCounted: reported === undefined && pieces > 0,
});

const isLines = ({ response }: Answer): boolean =>
  /^application\/(?:x-ndjson|ndjson|jsonl)\b/i.test(response.headers.get("content-type") ?? "");

/** The pieces of text in lines of JSON. */
const piecesInLines = (text: string): number =>
  text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .reduce((sum, line) => sum + eventContent(line).pieces, 0);

const failure = (where: FailurePlace, what: string, message: string): Failure => ({
  ok: false,
  where,
  what,
  message,
});
