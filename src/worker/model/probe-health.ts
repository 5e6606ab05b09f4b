import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { fromPromise } from "xstate";
import type { ModelActivity } from "./model-activity.js";
import { isRefusal, ProbeError, placeOf, wordsOf } from "./probe-error.js";

/** Longest body that is read to its end, in bytes: a server that logs broken connections logs none. */
const MAX_BODY = 64 * 1024;

export interface HealthProbe {
  readonly url: string;
  /** Milliseconds until the head of the answer. */
  readonly timeoutMs: number;
  /** Sent with each probe. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly activity: ModelActivity;
}

/** Asks the model's health URL: resolves on 200, rejects with a {@link ProbeError} otherwise. */
export function probeHealth({ url, timeoutMs, headers = {}, activity }: HealthProbe) {
  const target = new URL(url);
  const place = placeOf(target);
  return fromPromise<void>(async ({ signal }) => {
    const { heard } = activity;
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      const status = await statusOf(target, headers, AbortSignal.any([signal, limit]));
      if (status === 200) {
        activity.probeSucceeded();
        return;
      }
      const isAnswering = activity.isAnswering(heard);
      throw new ProbeError(`health check failed with status ${status}`, {
        kind: "unhealthy",
        isAnswering,
        seen: `${place}: status ${status}`,
      });
    } catch (error) {
      if (error instanceof ProbeError) throw error;
      const kind = limit.aborted ? "timeout" : isRefusal(error) ? "refused" : "unhealthy";
      const words = limit.aborted ? `no answer within ${timeoutMs / 1000} s` : wordsOf(error);
      const seen = `${place}: ${words}`;
      const failure = { kind, isAnswering: activity.isAnswering(heard), seen } as const;
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
