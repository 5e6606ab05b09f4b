import { spawn } from "node:child_process";
import { closeSync, fstatSync, openSync, readdirSync, readSync } from "node:fs";
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

/** Milliseconds between two checks of a process that is not a child of this one. */
const CHECK_MS = 100;

/**
 * Starts a process in a group of its own, so that it can be ended with its children, and a Ctrl-C in the terminal does not
 * end it.
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

/** Sends a signal to a process and its group. A group without processes is no error. */
export function signal(identity: Identity, name: NodeJS.Signals): void {
  if (!mayHaveGroup(identity)) return;
  // Its children may have made groups of their own.
  if (name === "SIGKILL") killDescendants(identity.pid);
  try {
    process.kill(-identity.pid, name);
  } catch {
    // The group has no process left.
  }
}

/** Resolves when the process is gone, or on abort. */
export async function untilGone(identity: Identity, signal: AbortSignal): Promise<void> {
  while (isAlive(identity) && !signal.aborted) await pause(CHECK_MS, undefined, { ref: false });
}

/** Resolves when the process and its group are gone, or on abort: what a shell runs may outlive the shell. */
export async function untilAllGone(identity: Identity, signal: AbortSignal): Promise<void> {
  await untilGone(identity, signal);
  while (isAnyLeft(identity) && !signal.aborted) await pause(CHECK_MS, undefined, { ref: false });
}

/** Whether a process of the group runs. */
function isAnyLeft(identity: Identity): boolean {
  if (!mayHaveGroup(identity)) return false;
  try {
    process.kill(-identity.pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== "linux") return true;
  // Zombies do not count: their parent may never reap them.
  return readdirSync("/proc").some((name) => {
    const [state, , group] = /^\d+$/.test(name) ? statusFields(Number(name)) : [];
    return state !== undefined && state !== "Z" && Number(group) === identity.pid;
  });
}

/** False when a later process has the same number, whose group must not be touched. */
function mayHaveGroup({ pid, startedAt }: Identity): boolean {
  if (pid <= 0) return false;
  const start = startOf(pid);
  return start === "" || start === startedAt;
}

/** Processes that are killed when this one exits. Only SIGKILL leaves them behind. */
export class RunningProcesses {
  /** By number. */
  readonly #identities = new Map<number, Identity>();
  readonly #killAll = (): void => {
    for (const identity of this.#identities.values()) signal(identity, "SIGKILL");
  };

  add(identity: Identity): void {
    if (this.#identities.size === 0) process.on("exit", this.#killAll);
    this.#identities.set(identity.pid, identity);
  }

  delete({ pid }: Identity): void {
    this.#identities.delete(pid);
    if (this.#identities.size === 0) process.removeListener("exit", this.#killAll);
  }
}

/** Bytes that are read from the end of the file. */
const TAIL_BYTES = 8192;
/** Longest line that is returned. */
const MAX_LINE = 300;

/**
 * The reason why a program ended, from its output: the last line with an error, else the last line; empty if there is none.
 */
export function lastErrorLine(path: string): string {
  let end: string;
  try {
    end = endOf(path);
  } catch {
    return "";
  }
  const lines = end
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const words = lines.findLast((line) => /error|not found|cannot/i.test(line)) ?? lines.at(-1) ?? "";
  return words.slice(0, MAX_LINE);
}

function endOf(path: string): string {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const end = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(file, end, 0, end.length, size - end.length);
    return end.toString("utf8");
  } finally {
    closeSync(file);
  }
}
