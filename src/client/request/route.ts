import { TsworkerError } from "../../shared/errors.js";
import { isHttpUrl, urlAt } from "../../shared/url.js";
import type { AuthData } from "../../shared/wire.js";
import type { Credentials } from "../account/account.js";
import { pause } from "./abort.js";
import { fieldsOf, withoutKey } from "./http-response.js";
import { callJson } from "./json-call.js";

interface RouteInput {
  readonly endpoint: string;
  readonly credentials: Credentials;
  readonly engineUrl: string;
  readonly fetch: typeof fetch;
  readonly cost: number;
  /** 0: a new request; otherwise the index of one that asks again. */
  readonly requestIdx: number;
  /** Infinity: until the engine names a worker, or does not answer for {@link UNREACHABLE_MS}. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Called with the engine's report of its workers whenever none is ready. */
  readonly onNotReady: (engineStatus: string | undefined) => void;
}

/** Milliseconds without an answer of the engine after which a request without a time limit fails. */
const UNREACHABLE_MS = 60_000;

/** Time limit of one call, in milliseconds: a lost answer must not take the request's whole time. */
const ATTEMPT_MS = 10_000;

/** Milliseconds after which the engine drops a request that is not routed again. */
const REPLAY_MS = 60_000;

/** Result of one call: a worker, or the failure and the index under which to ask again. */
type Attempt =
  | { readonly authData: AuthData }
  | {
      readonly failure: TsworkerError;
      readonly requestIdx?: number;
      readonly engineStatus?: string | undefined;
      readonly retryAfterMs?: number | undefined;
    };

/**
 * Asks the engine for a worker until it names one. All calls are for the same request, so asking again adds no load.
 *
 * @throws {TsworkerError} `ENGINE_REFUSED`, `ENGINE_INVALID` immediately; `NO_WORKER_READY` or `ENGINE_UNREACHABLE`,
 * whichever was last, at the end of the time.
 * @throws the signal's reason when it is aborted.
 */
export async function route(input: RouteInput): Promise<AuthData> {
  const { signal, timeoutMs } = input;
  const deadline = performance.now() + timeoutMs;
  const isLimited = timeoutMs < Number.POSITIVE_INFINITY;
  let { requestIdx } = input;
  let notReady: TsworkerError | undefined;
  let answeredAt = performance.now();
  for (let attempts = 0; ; attempts += 1) {
    const leftMs = Math.max(1, deadline - performance.now());
    const attempt = await ask(input, requestIdx, Math.min(leftMs, ATTEMPT_MS));
    if ("authData" in attempt) return attempt.authData;
    requestIdx = attempt.requestIdx ?? requestIdx;
    if (attempt.failure.code === "NO_WORKER_READY") {
      notReady = attempt.failure;
      answeredAt = performance.now();
      input.onNotReady(attempt.engineStatus);
    }
    const { retryAfterMs = 0 } = attempt;
    const untilEndMs = (isLimited ? deadline : answeredAt + UNREACHABLE_MS) - performance.now();
    let waitMs = Math.max(backOff(attempts), retryAfterMs);
    // A pause that would exceed the time is shortened, so that the rest is used.
    if (waitMs >= untilEndMs) waitMs = Math.max(retryAfterMs, untilEndMs / 2);
    if (waitMs >= untilEndMs || untilEndMs < FIRST_WAIT_MS) {
      // The last call may have had too little time: the answer before it is more precise.
      throw isLimited && isTimeout(attempt.failure) ? (notReady ?? attempt.failure) : attempt.failure;
    }
    await pause(waitMs, signal);
  }
}

const isTimeout = ({ cause }: TsworkerError): boolean =>
  cause instanceof Error && cause.name === "TimeoutError";

/** Pause before the second call, in milliseconds. */
const FIRST_WAIT_MS = 200;

/** 0.2 s, growing by half each time up to 5 s, and up to a quarter more or less so that clients spread out. */
function backOff(attempts: number): number {
  return Math.min(5000, FIRST_WAIT_MS * 1.5 ** attempts) * (0.75 + 0.5 * Math.random());
}

async function ask(input: RouteInput, requestIdx: number, withinMs: number): Promise<Attempt> {
  const { cost, credentials, endpoint, engineUrl, fetch, signal, timeoutMs } = input;
  const { apiKey } = credentials;
  const body = {
    endpoint,
    api_key: apiKey,
    cost,
    request_idx: requestIdx,
    replay_timeout: Math.min(timeoutMs, REPLAY_MS) / 1000,
  };
  const url = urlAt(engineUrl, "route/");
  const result = await callJson({ fetch, server: "the engine", url, apiKey, body, withinMs, signal }).catch(
    (error: unknown) => {
      throw explained(error, input);
    },
  );
  if ("failure" in result) return result;
  const answer = fieldsOf(result.json);
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
    `no worker of ${endpoint} became ready within ${Number((timeoutMs / 1000).toPrecision(2))} s; the engine reports: ${answer.status ?? "no status of its workers"}; give it more time with timeoutMs, or look at the endpoint's workers`,
  );
  return {
    failure,
    ...(typeof answer.request_idx === "number" && { requestIdx: answer.request_idx }),
    ...(typeof answer.status === "string" && { engineStatus: answer.status }),
  };
}

/** A refusal with advice. */
function explained(error: unknown, { credentials, endpoint }: RouteInput): unknown {
  if (!(error instanceof TsworkerError) || error.code !== "ENGINE_REFUSED") return error;
  const lookUp = credentials.lookUpError === undefined ? "" : ` (${credentials.lookUpError})`;
  return new TsworkerError(
    error.code,
    `${error.message}; check the apiKey and the endpoint's name, "${endpoint}"${lookUp}`,
  );
}

/** Checks only the fields that the client itself needs; the worker checks the others. */
function isAuthData(answer: Readonly<Record<string, unknown>>): answer is Record<string, unknown> & AuthData {
  return typeof answer.url === "string" && answer.url !== "" && typeof answer.signature === "string";
}
