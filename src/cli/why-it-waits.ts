import { z } from "zod";
import { announcedWorkers } from "../shared/announcement.js";
import { isSameServer } from "../shared/url.js";
import { printEvent } from "./call/print-event.js";

/** Milliseconds without a worker after which a person wonders why, and between two answers to that. */
const PAUSE_MS = 3000;
/** Milliseconds that a worker has to say how it is. */
const ASKED_MS = 2000;

const readinessSchema = z.object({ state: z.string(), waitsFor: z.string().optional() });

/**
 * Prints to standard error why an engine has no worker for a request: what each worker on this machine that reports to it
 * waits for. Again when that changes.
 *
 * @param isWaiting whether the request waits for a worker.
 * @returns ends that.
 */
export function sayWhyItWaits(engineUrl: string, isWaiting: () => boolean): () => void {
  let said = "";
  let isOver = false;
  const look = async (): Promise<void> => {
    if (!isWaiting()) return;
    const reason = await reasonAt(engineUrl);
    if (isOver || reason === said || !isWaiting()) return;
    said = reason;
    printEvent("waiting", reason, console.error);
  };
  const timer = setInterval(() => void look(), PAUSE_MS);
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
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(ASKED_MS) });
    const { state, waitsFor } = readinessSchema.parse(await response.json());
    return `is ${state}${waitsFor === undefined ? "" : `: it waits for ${waitsFor}`}`;
  } catch {
    return "does not answer";
  }
}
