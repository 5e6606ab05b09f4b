import { type Answer, type Endpoint, TsworkerError, type TsworkerErrorCode } from "../client/index.js";
import { tokensMade } from "../shared/tokens-made.js";
import type { Payload } from "../shared/wire.js";
import { eventContent } from "./event-content.js";

/** Where a request failed: at the engine, by the worker's answer, on the way, by its time or by being cut off. */
export type FailurePlace = "engine" | "worker" | "connection" | "timeout" | "cut off";

export interface Failure {
  readonly ok: false;
  readonly where: FailurePlace;
  /** A status or a code, of which there are few. */
  readonly what: string;
  readonly message: string;
}

export interface Success {
  readonly ok: true;
  /** Tokens that the answer says it has, or else the pieces of text of a stream; 0 where it has neither. */
  readonly tokens: number;
  /** Whether the tokens are pieces that were counted. */
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
  /** Cuts the request off. */
  readonly cut: AbortSignal;
  /** The engine has named a worker, which is asked now. */
  readonly onRouted: () => void;
  /** A worker has begun to answer. */
  readonly onAnswer: (url: string) => void;
  /** The first byte of a successful answer is there; of a stream the first event. */
  readonly onFirstByte: () => void;
  readonly onEvent: () => void;
}

/** How much of an answer or a refusal is kept, in characters. */
const KEPT = 200;

/** How long an answer may be to be looked into for its tokens, in characters: more is read, and thrown away. */
const LOOKED_INTO = 1_000_000;

/** Sends one request, once, and reads all of its answer. Never rejects: what goes wrong is what it resolves to. */
export async function exchange(input: ExchangeInput): Promise<Success | Failure> {
  try {
    return await attempt(input);
  } catch (error) {
    if (input.cut.aborted) return failure("cut off", "cut off", "it was under way when the test was ended");
    if (!(error instanceof TsworkerError)) return failure("connection", "unknown", String(error));
    const { code, message } = error;
    return failure(PLACES[code] ?? "engine", code, message);
  }
}

/** Where a request failed by the client's error, if not at the engine. */
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
    // What a client would smooth over is what is measured here.
    retry: false,
    // Whatever its form, an answer is wanted as soon as it begins.
    stream: true,
    onStatus: (status) => {
      if (status === "in progress") onRouted();
    },
  });
  onAnswer(answer.url);
  if (!answer.ok) {
    const said = (await answer.text()).slice(0, KEPT);
    return failure("worker", String(answer.status), `${answer.url} answered ${answer.status}: ${said}`);
  }
  return isEventStream(answer) ? events(answer, input) : whole(answer, input);
}

const isEventStream = ({ response }: Answer): boolean =>
  /^text\/event-stream\b/i.test(response.headers.get("content-type") ?? "");

async function events(answer: Answer, { onFirstByte, onEvent }: ExchangeInput): Promise<Success | Failure> {
  let text = "";
  let hasBegun = false;
  let told: number | undefined;
  let pieces = 0;
  for await (const data of answer.events()) {
    if (!hasBegun) onFirstByte();
    hasBegun = true;
    if (text.length < KEPT) text += `${data}\n`;
    if (data === "[DONE]") continue;
    onEvent();
    const content = eventContent(data);
    if (content.error !== undefined) {
      return failure("worker", "error event", `${answer.url} sent an error: ${content.error.slice(0, KEPT)}`);
    }
    pieces += content.pieces;
    told = tokensMade(data) ?? told;
  }
  return { ok: true, ...tokensOf(told, pieces), text: text.slice(0, KEPT) };
}

async function whole(answer: Answer, { onFirstByte }: ExchangeInput): Promise<Success> {
  const decoder = new TextDecoder();
  let text = "";
  let hasBegun = false;
  for await (const bytes of answer.bytes()) {
    if (!hasBegun) onFirstByte();
    hasBegun = true;
    if (text.length < LOOKED_INTO) text += decoder.decode(bytes, { stream: true });
  }
  const pieces = isLines(answer) ? piecesInLines(text) : 0;
  return { ok: true, ...tokensOf(tokensMade(text), pieces), text: text.slice(0, KEPT) };
}

/** What the answer says of itself takes precedence. */
const tokensOf = (told: number | undefined, pieces: number): Pick<Success, "tokens" | "isCounted"> => ({
  tokens: told ?? pieces,
  isCounted: told === undefined && pieces > 0,
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
