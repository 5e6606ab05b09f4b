import { open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds between two probes. */
const INTERVAL_MS = 1000;
/** Milliseconds that a probe may take. */
const PROBE_MS = 5000;
/** Bytes at the end of the log that are searched. */
const TAIL_BYTES = 1024 * 1024;

/** What goes before a message in the wrapper's log: a time, a level and a logger. What a client sends has no such place. */
const PREFIX = String.raw`^(?:[\d[][^a-zA-Z]*)?(?:[a-zA-Z][\w.]*\]?(?::\s*|\s-\s)){0,3}`;

/** The wrapper's line when ComfyUI has come up behind it, and ComfyUI's own in the log of older images. */
export const READY_LINES = [
  new RegExp(String.raw`${PREFIX}BACKENDS_READY\b`),
  /^(?:\[[^\]]*\] )?To see the GUI go to: /,
];

/** Lines of a server that cannot come up, or is lost: none that one bad workflow can cause. */
export const ERROR_LINES = [
  new RegExp(String.raw`${PREFIX}(?:BACKENDS_READY_TIMEOUT|BACKEND_UNRECOVERABLE)\b`),
  /^ERROR: +Application startup failed\b/,
];

interface ReadinessInput {
  readonly wrapperUrl: string;
  /** Where ComfyUI itself may be. */
  readonly comfyUrls: readonly string[];
  readonly logFile: string;
}

/**
 * Waits until the wrapper is healthy and ComfyUI is up behind it: the log has a ready line, or, with older images, whose
 * wrapper writes none, ComfyUI answers. A wrapper alone is healthy too early.
 *
 * @param signal aborts it.
 * @throws Error with the line of the log that has the reason why the server does not start.
 */
export async function awaitComfy(
  { wrapperUrl, comfyUrls, logFile }: ReadinessInput,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const line = await lastVerdict(logFile);
    if (await answers(`${wrapperUrl}/health`)) {
      if (line !== undefined && isReady(line)) return;
      const found = await Promise.all(comfyUrls.map((url) => answers(`${url}/system_stats`)));
      if (found.includes(true)) return;
    }
    if (line !== undefined && !isReady(line)) throw new Error(line);
    await sleep(INTERVAL_MS, undefined, { signal });
  }
}

const isReady = (line: string): boolean => READY_LINES.some((pattern) => pattern.test(line));

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_MS) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    // It is not there, or not yet.
    return false;
  }
}

/** The last line of the log that shows whether ComfyUI is up; undefined: there is none, or no log yet. */
async function lastVerdict(logFile: string): Promise<string | undefined> {
  const text = await tailOf(logFile).catch(() => "");
  return text
    .split(/\r?\n/)
    .findLast((line) => [...READY_LINES, ...ERROR_LINES].some((pattern) => pattern.test(line)));
}

async function tailOf(path: string): Promise<string> {
  await using file = await open(path);
  const { size } = await file.stat();
  const start = Math.max(0, size - TAIL_BYTES);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
  return buffer.toString("utf8", 0, bytesRead);
}
