import { connect } from "node:net";
import { fromPromise } from "xstate";
import type { ModelActivity } from "./model-activity.js";
import { ProbeError, placeOf, wordsOf } from "./probe-error.js";

/** Milliseconds that one attempt to connect may take. */
const ATTEMPT_MS = 5000;

/** Why a server accepts no connection; undefined when it does. */
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
    const { heard } = activity;
    const error = await connectionError(url);
    if (error === undefined) {
      activity.probeSucceeded();
      return;
    }
    const words = wordsOf(error);
    const kind = "code" in error && error.code === "ETIMEDOUT" ? "timeout" : "refused";
    const failure = { kind, isAnswering: activity.isAnswering(heard), seen: `${place}: ${words}` } as const;
    throw new ProbeError(`the model at ${place} accepts no connections: ${words}`, failure, error);
  });
}
