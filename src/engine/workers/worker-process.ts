import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import {
  type Identity,
  isAlive,
  killDescendants,
  startOf,
  statusFields,
} from "../../shared/process-identity.js";

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

/** Sends a signal to a process and all that it started. Where nobody is left, that is no error. */
export function signal(identity: Identity, name: NodeJS.Signals): void {
  if (!mayHaveGroup(identity)) return;
  // What it started may have made a group of its own.
  if (name === "SIGKILL") killDescendants(identity.pid);
  try {
    process.kill(-identity.pid, name);
  } catch {
    // There is nobody left in the group.
  }
}

/** Resolves when the process is gone, or nobody waits any more. */
export async function untilGone(identity: Identity, signal: AbortSignal): Promise<void> {
  while (isAlive(identity) && !signal.aborted) await pause(LOOK_MS, undefined, { ref: false });
}

/** The same, and all that it started is gone, too: what a shell runs may outlive the shell. */
export async function untilAllGone(identity: Identity, signal: AbortSignal): Promise<void> {
  await untilGone(identity, signal);
  while (isAnyLeft(identity) && !signal.aborted) await pause(LOOK_MS, undefined, { ref: false });
}

/** Whether anybody of the process's group runs. */
function isAnyLeft(identity: Identity): boolean {
  if (!mayHaveGroup(identity)) return false;
  try {
    process.kill(-identity.pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== "linux") return true;
  // Those that only wait to be noticed as dead, which may be for ever, are none.
  return readdirSync("/proc").some((name) => {
    const [state, , group] = /^\d+$/.test(name) ? statusFields(Number(name)) : [];
    return state !== undefined && state !== "Z" && Number(group) === identity.pid;
  });
}

/** Whether a group of this number is the process's own, and not that of a later one with the same number. */
function mayHaveGroup({ pid, startedAt }: Identity): boolean {
  if (pid <= 0) return false;
  const start = startOf(pid);
  return start === "" || start === startedAt;
}
