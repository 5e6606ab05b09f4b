import { TsworkerError } from "../../shared/errors.js";
import type { AuthData } from "../../shared/wire.js";
import type { Credentials } from "../account/account.js";
import { askJson } from "./ask-json.js";
import { fieldsOf } from "./fields-of.js";
import { isHttpUrl } from "./is-http-url.js";
import { pause } from "./pause.js";
import { urlAt } from "./url-at.js";
import { withoutKey } from "./without-key.js";

export interface RouteInput {
  readonly endpoint: string;
  readonly credentials: Credentials;
  readonly engineUrl: string;
  readonly fetch: typeof fetch;
  readonly cost: number;
  /** 0: a new request; otherwise one that asks again, under its index. */
  readonly requestIdx: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Longest wait for one answer of the engine, in milliseconds: a lost one must not take the whole time. */
const ATTEMPT_MS = 10_000;

/** The longest time that the engine is told of, in milliseconds. */
const DAY_MS = 86_400_000;

/** What one attempt came to: a worker, or why there is none and under which index to ask again. */
type Attempt =
  | { readonly authData: AuthData }
  | {
      readonly failure: TsworkerError;
      readonly requestIdx?: number;
      readonly retryAfterMs?: number | undefined;
    };

/**
 * Asks the engine for a worker until it names one. It is the same request all the time, so asking again adds
 * no load.
 *
 * @throws {TsworkerError} `ENGINE_REFUSED`, `ENGINE_INVALID` at once; `NO_WORKER_READY` or `ENGINE_UNREACHABLE`,
 * whichever was last, when the time is over.
 * @throws the signal's reason when it is aborted.
 */
export async function route(input: RouteInput): Promise<AuthData> {
  const { signal, timeoutMs } = input;
  const deadline = performance.now() + timeoutMs;
  let { requestIdx } = input;
  let told: TsworkerError | undefined;
  for (let attempts = 0; ; attempts += 1) {
    const leftMs = Math.max(1, deadline - performance.now());
    const attempt = await ask(input, requestIdx, Math.min(leftMs, ATTEMPT_MS));
    if ("authData" in attempt) return attempt.authData;
    requestIdx = attempt.requestIdx ?? requestIdx;
    if (attempt.failure.code === "NO_WORKER_READY") told = attempt.failure;
    const waitMs = Math.max(backOff(attempts), attempt.retryAfterMs ?? 0);
    if (performance.now() + waitMs >= deadline) {
      // That the last attempt was cut short says less than what the engine told before.
      throw isCut(attempt.failure) ? (told ?? attempt.failure) : attempt.failure;
    }
    await pause(waitMs, signal);
  }
}

const isCut = ({ cause }: TsworkerError): boolean => cause instanceof Error && cause.name === "TimeoutError";

/** 0.2 s, growing by half each time up to 5 s, and up to a quarter more or less so that clients spread out. */
function backOff(attempts: number): number {
  return Math.min(5000, 200 * 1.5 ** attempts) * (0.75 + 0.5 * Math.random());
}

async function ask(input: RouteInput, requestIdx: number, withinMs: number): Promise<Attempt> {
  const { cost, credentials, endpoint, engineUrl, fetch, signal, timeoutMs } = input;
  const { apiKey } = credentials;
  const body = {
    endpoint,
    api_key: apiKey,
    cost,
    request_idx: requestIdx,
    replay_timeout: Math.min(timeoutMs, DAY_MS) / 1000,
  };
  const url = urlAt(engineUrl, "route/");
  const asked = await askJson({ fetch, whom: "the engine", url, apiKey, body, withinMs, signal }).catch(
    (error: unknown) => {
      throw explained(error, input);
    },
  );
  if ("failure" in asked) return asked;
  const answer = fieldsOf(asked.json);
  if (isAuthData(answer)) {
    if (isHttpUrl(answer.url)) return { authData: answer };
    throw new TsworkerError(
      "ENGINE_INVALID",
      `expected a worker's URL with http: or https: from the engine at ${url}, got ${answer.url.slice(0, 500)}`,
    );
  }
  if (typeof answer.status !== "string" && typeof answer.request_idx !== "number") {
    throw new TsworkerError(
      "ENGINE_INVALID",
      `expected a worker or the endpoint's status from the engine at ${url}, got ${withoutKey(JSON.stringify(answer), apiKey).slice(0, 500)}; check that this is the engine's URL`,
    );
  }
  const failure = new TsworkerError(
    "NO_WORKER_READY",
    `no worker of ${endpoint} became ready within ${Number((timeoutMs / 1000).toPrecision(2))} s; the engine says: ${answer.status ?? "nothing of its workers"}; give it more time with timeoutMs, or look at the endpoint's workers`,
  );
  return { failure, ...(typeof answer.request_idx === "number" && { requestIdx: answer.request_idx }) };
}

/** A refusal with what there is to be done about it. */
function explained(error: unknown, { credentials, endpoint }: RouteInput): unknown {
  if (!(error instanceof TsworkerError) || error.code !== "ENGINE_REFUSED") return error;
  const doubt = credentials.doubt === undefined ? "" : ` (${credentials.doubt})`;
  return new TsworkerError(
    error.code,
    `${error.message}; check the apiKey and the endpoint's name, "${endpoint}"${doubt}`,
  );
}

/** Only what the client itself needs is looked at: the rest is between engine and worker. */
function isAuthData(answer: Readonly<Record<string, unknown>>): answer is Record<string, unknown> & AuthData {
  return typeof answer.url === "string" && answer.url !== "" && typeof answer.signature === "string";
}
