import { TsworkerError } from "../errors.js";
import type { AuthData } from "../wire.js";
import { pause } from "./pause.js";

interface RouteInput {
  readonly endpoint: string;
  readonly apiKey: string;
  readonly engineUrl: string;
  readonly fetch: typeof fetch;
  readonly cost: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Longest wait for one answer of the engine, in milliseconds: a lost one must not take the whole time. */
const ATTEMPT_MS = 10_000;

/** Statuses after which asking again may help. */
const isPassing = (status: number) => status === 408 || status === 429 || status >= 500;

/** What one attempt came to: a worker, or why there is none and under which index to ask again. */
type Attempt =
  | { readonly authData: AuthData }
  | { readonly failure: TsworkerError; readonly requestIdx?: number };

/**
 * Asks the engine for a worker until it names one. It is the same request all the time, so asking again adds
 * no load.
 *
 * @throws {TsworkerError} `ENGINE_REFUSED` at once; `NO_WORKER_READY` or `ENGINE_UNREACHABLE`, whichever was
 * last, when the time is over.
 * @throws the signal's reason when it is aborted.
 */
export async function route(input: RouteInput): Promise<AuthData> {
  const { signal, timeoutMs } = input;
  const deadline = performance.now() + timeoutMs;
  let requestIdx = 0;
  for (let attempts = 0; ; attempts += 1) {
    const leftMs = Math.max(1, deadline - performance.now());
    const attempt = await ask(input, requestIdx, Math.min(leftMs, ATTEMPT_MS));
    if ("authData" in attempt) return attempt.authData;
    requestIdx = attempt.requestIdx ?? requestIdx;
    const waitMs = backOff(attempts);
    if (performance.now() + waitMs >= deadline) throw attempt.failure;
    await pause(waitMs, signal);
  }
}

/** 0.2 s, growing by half each time up to 5 s, and up to a quarter more or less so that clients spread out. */
function backOff(attempts: number): number {
  return Math.min(5000, 200 * 1.5 ** attempts) * (0.75 + 0.5 * Math.random());
}

async function ask(input: RouteInput, requestIdx: number, withinMs: number): Promise<Attempt> {
  const { endpoint, apiKey, cost, engineUrl, signal, timeoutMs } = input;
  const limit = AbortSignal.timeout(Math.ceil(withinMs));
  const url = `${engineUrl.replace(/\/+$/, "")}/route/`;
  const body = { endpoint, api_key: apiKey, cost, request_idx: requestIdx, replay_timeout: timeoutMs / 1000 };
  let status: number;
  let text: string;
  try {
    const response = await input.fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${apiKey}` },
      body: JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    status = response.status;
    text = await response.text();
  } catch (cause) {
    signal?.throwIfAborted();
    return unreachable(`no answer from the engine at ${engineUrl}`, cause);
  }
  if (isPassing(status)) return unreachable(`the engine at ${engineUrl} answered ${status}`);
  const answer = parsed(text);
  if (status !== 200 || answer === undefined) {
    const message = typeof answer?.error_msg === "string" ? answer.error_msg : text.slice(0, 500);
    throw new TsworkerError("ENGINE_REFUSED", `the engine at ${engineUrl} answered ${status}: ${message}`);
  }
  if (isAuthData(answer)) return { authData: answer };
  const failure = new TsworkerError(
    "NO_WORKER_READY",
    `no worker of ${endpoint} became ready within ${timeoutMs / 1000} s; the engine says: ${answer.status}`,
  );
  return { failure, ...(typeof answer.request_idx === "number" && { requestIdx: answer.request_idx }) };
}

function unreachable(message: string, cause?: unknown): Attempt {
  return { failure: new TsworkerError("ENGINE_UNREACHABLE", message, { cause }) };
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Only what the client itself needs is looked at: the rest is between engine and worker. */
function isAuthData(answer: Record<string, unknown>): answer is Record<string, unknown> & AuthData {
  return typeof answer.url === "string" && answer.url !== "" && typeof answer.signature === "string";
}
