import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

/** A process as it can be told from a later one that was given the same number. */
export interface Identity {
  readonly pid: number;
  /** When it began, in the system's own words. */
  readonly startedAt: string;
}

interface SpawnInput {
  readonly program: string;
  readonly parameters: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** File descriptor that its output goes to: a pipe would end with the engine. */
  readonly output: number;
}

/** Milliseconds between two looks at a process that is not a child of this one. */
const LOOK_MS = 100;

/**
 * Starts a process in a group of its own, so that it can be ended with all that it started, and only when the
 * engine says so.
 *
 * @throws when there is no such program.
 */
export async function spawned({ program, parameters, env, output }: SpawnInput) {
  const child = spawn(program, parameters, { env, stdio: ["ignore", output, output], detached: true });
  const ended = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => resolve(signal ? `was ended by ${signal}` : `exited with ${code}`));
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (cause) =>
      reject(new Error(`cannot start a worker with ${program}: ${cause.message}`, { cause })),
    );
  });
  return { pid: child.pid ?? 0, ended };
}

export function identityOf(pid: number): Identity {
  return { pid, startedAt: startOf(pid) };
}

/** Whether the process runs, and is still the same. */
export function isAlive({ pid, startedAt }: Identity): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return startOf(pid) === startedAt;
}

/** Sends a signal to a process and all that it started. One that is gone is no error. */
export function signal({ pid }: Identity, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch {
    // There is nobody left in the group.
  }
}

/** Resolves when the process is gone, or nobody waits any more. */
export async function untilGone(identity: Identity, signal: AbortSignal): Promise<void> {
  while (isAlive(identity) && !signal.aborted) await pause(LOOK_MS, undefined, { ref: false });
}

/**
 * What stands in for the start where the system does not tell it: such a process is not found again by a
 * later engine.
 */
const OF_THIS_RUN = `child of ${process.pid}`;

/** Field 22 of `/proc/<pid>/stat`, and its state: one that only waits to be noticed as dead is gone. */
function startOf(pid: number): string {
  if (process.platform !== "linux") return OF_THIS_RUN;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in parentheses, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "" : (fields[19] ?? "");
  } catch {
    return "";
  }
}
