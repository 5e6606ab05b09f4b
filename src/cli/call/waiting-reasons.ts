import { z } from "zod";
import { announcedWorkers } from "../../shared/announcement.js";
import { isSameServer } from "../../shared/url.js";
import { printEvent } from "../command/terminal.js";

/** Milliseconds until the first check, and between two checks. */
const PAUSE_MS = 3000;
/** Timeout of a readiness check, in milliseconds. */
const CHECK_TIMEOUT_MS = 2000;

const readinessSchema = z.object({ state: z.string(), waitsFor: z.string().optional() });

/**
 * Prints to standard error why an engine has no worker for a request: the state of each worker on this machine that reports
 * to it. Prints again when that changes.
 *
 * @param isWaiting whether the request waits for a worker.
 * @returns a function that stops that.
 */
export function reportWaiting(engineUrl: string, isWaiting: () => boolean): () => void {
  let reported = "";
  let isOver = false;
  const check = async (): Promise<void> => {
    if (!isWaiting()) return;
    const reason = await reasonAt(engineUrl);
    if (isOver || reason === reported || !isWaiting()) return;
    reported = reason;
    printEvent("waiting", reason, console.error);
  };
  const timer = setInterval(() => void check(), PAUSE_MS);
  return () => {
    isOver = true;
    clearInterval(timer);
  };
}

async function reasonAt(engineUrl: string): Promise<string> {
  const workers = announcedWorkers().filter(({ engines }) =>
    engines.some((each) => isSameServer(each, engineUrl)),
  );
  const reasons = await Promise.all(
    workers.map(async ({ url }) => `the worker at ${url} ${await stateAt(url)}`),
  );
  return reasons.length === 0 ? "for a worker that is ready" : reasons.join("; ");
}

async function stateAt(url: string): Promise<string> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(CHECK_TIMEOUT_MS) });
    const { state, waitsFor } = readinessSchema.parse(await response.json());
    return `is ${state}${waitsFor === undefined ? "" : `: it waits for ${waitsFor}`}`;
  } catch {
    return "does not answer";
  }
}
