import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { connect } from "node:net";
import { fromPromise } from "xstate";
import type { ProbeFailure } from "../../../machines/model.js";
import { TsworkerError } from "../../shared/errors.js";
import { isTimeout, withTimeLimit } from "../../shared/time-limit.js";
import type { ModelActivity } from "./model-activity.js";

/** Failure of a probe, with the facts that the model machine decides by. */
export class ProbeError extends TsworkerError {
  readonly failure: ProbeFailure;

  constructor(message: string, failure: ProbeFailure, cause?: unknown) {
    const code = failure.kind === "timeout" ? "MODEL_TIMEOUT" : "MODEL_UNREACHABLE";
    super(code, message, cause === undefined ? {} : { cause });
    this.failure = failure;
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  ENOTFOUND: "unknown host",
  EAI_AGAIN: "unknown host",
  ETIMEDOUT: "no connection in time",
};

const codeOf = (error: unknown): string => String((Object(error) as { readonly code?: unknown }).code ?? "");

/** Whether an error means that no connection could be made. */
export const isRefusal = (error: unknown): boolean =>
  ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "EAI_AGAIN"].includes(codeOf(error));

/** Description of a connection error, such as `connection refused`. */
export const wordsOf = (error: unknown): string =>
  WORDS[codeOf(error)] ?? (error instanceof Error && error.message !== "" ? error.message : String(error));

/** Host and port of a URL, such as `127.0.0.1:18000`. */
export const placeOf = ({ hostname, port, protocol }: URL): string =>
  `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;

/** Longest body that is read to its end, in bytes, so that servers do not log an aborted connection. */
const MAX_BODY = 64 * 1024;

export interface HealthProbe {
  readonly url: string;
  /** Milliseconds until the head of the answer. */
  readonly timeoutMs: number;
  /** Sent with each probe. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly activity: ModelActivity;
}

/** Requests the model's health URL: resolves on 200, rejects with a {@link ProbeError} otherwise. */
export function probeHealth({ url, timeoutMs, headers = {}, activity }: HealthProbe) {
  const target = new URL(url);
  const place = placeOf(target);
  return fromPromise<void>(async ({ signal }) => {
    const { chunks } = activity;
    try {
      const status = await withTimeLimit(timeoutMs, signal, (limited) => statusOf(target, headers, limited));
      if (status === 200) {
        activity.probeSucceeded();
        return;
      }
      const isAnswering = activity.isAnswering(chunks);
      throw new ProbeError(`health check failed with status ${status}`, {
        kind: "unhealthy",
        isAnswering,
        seen: `${place}: status ${status}`,
      });
    } catch (error) {
      if (error instanceof ProbeError) throw error;
      const isLate = isTimeout(error);
      const kind = isLate ? "timeout" : isRefusal(error) ? "refused" : "unhealthy";
      const words = isLate ? `no answer within ${timeoutMs / 1000} s` : wordsOf(error);
      const seen = `${place}: ${words}`;
      const failure = { kind, isAnswering: activity.isAnswering(chunks), seen } as const;
      throw new ProbeError(`health check failed: ${seen}`, failure, error);
    }
  });
}

/** The status of a GET, over a connection of its own: an idle one could take a thread from the model. */
function statusOf(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const begin = url.protocol === "https:" ? requestHttps : requestHttp;
    const request = begin(url, { agent: false, headers: { accept: "*/*", ...headers }, signal });
    request.on("error", reject);
    request.on("response", (response) => {
      resolve(response.statusCode ?? 0);
      let size = 0;
      response.on("error", () => {});
      response.on("data", (piece: Buffer) => {
        size += piece.length;
        if (size > MAX_BODY) response.destroy();
      });
    });
    request.end();
  });
}

/** Milliseconds that one attempt to connect may take. */
const ATTEMPT_MS = 5000;

/** Why a server accepts no connection; undefined if it does. */
export function connectionError({ hostname, port, protocol }: URL): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const host = hostname.replace(/^\[|\]$/g, "");
    const socket = connect({ host, port: Number(port) || (protocol === "https:" ? 443 : 80) });
    const settle = (error: Error | undefined): void => {
      socket.destroy();
      resolve(error);
    };
    socket.setTimeout(ATTEMPT_MS, () =>
      settle(Object.assign(new Error("no connection in time"), { code: "ETIMEDOUT" })),
    );
    socket.once("connect", () => settle(undefined)).once("error", settle);
  });
}

/** Connects to the model server: resolves when it accepts, rejects with a {@link ProbeError} otherwise. */
export function reachPort(server: string, activity: ModelActivity) {
  const url = new URL(server);
  const place = placeOf(url);
  return fromPromise<void>(async () => {
    const { chunks } = activity;
    const error = await connectionError(url);
    if (error === undefined) {
      activity.probeSucceeded();
      return;
    }
    const words = wordsOf(error);
    const kind = "code" in error && error.code === "ETIMEDOUT" ? "timeout" : "refused";
    const failure = { kind, isAnswering: activity.isAnswering(chunks), seen: `${place}: ${words}` } as const;
    throw new ProbeError(`the model at ${place} accepts no connections: ${words}`, failure, error);
  });
}
