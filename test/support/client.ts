import type { Engine } from "../../src/engine/index.js";
import type { AuthData } from "../../src/shared/wire.js";
import type { Fate } from "./logging-model.js";
import type { WorkerProcess } from "./worker-process.js";

/** The request of a test's client. */
export interface Work {
  /** Workload of the request. */
  readonly cost: number;
  /** What the model does with it. @default answer */
  readonly fate?: Fate;
}

export interface Answered {
  readonly status: number;
  readonly body: unknown;
  /** Seconds after which to try again; null where the answer has no Retry-After. */
  readonly retryAfter: number | null;
}

/** A request in flight. */
export interface Asked {
  readonly authData: AuthData;
  /** Rejects when the client leaves, and when the worker breaks off. */
  readonly answer: Promise<Answered>;
  /** The client goes away. */
  leave(): void;
}

/** Sends a request to a worker the way a client does which the engine has sent there. */
export function ask(
  engine: Engine,
  worker: WorkerProcess,
  payload: Work | Record<string, unknown>,
  { route = "/work", authData = {} }: { readonly route?: string; readonly authData?: Partial<AuthData> } = {},
): Asked {
  const auth: AuthData = { ...engine.authData({ url: worker.url }), ...authData };
  const controller = new AbortController();
  const send = async (): Promise<Answered> => {
    const response = await fetch(worker.url + route, {
      method: "POST",
      body: JSON.stringify({ auth_data: auth, payload }),
      signal: controller.signal,
    });
    const text = await response.text();
    const retryAfter = response.headers.get("retry-after");
    return {
      status: response.status,
      body: JSON.parse(text),
      retryAfter: retryAfter === null ? null : Number(retryAfter),
    };
  };
  const answer = send();
  // A test that lets a request go does not wait for its answer.
  answer.catch(() => {});
  return { authData: auth, answer, leave: () => controller.abort() };
}
