import { readdirSync, readFileSync } from "node:fs";

/** A process, distinct from a later one with the same pid. */
export interface Identity {
  readonly pid: number;
  /** Start time in the operating system's notation. */
  readonly startedAt: string;
}

export function identityOf(pid: number): Identity {
  return { pid, startedAt: startOf(pid) };
}

/** Whether the process is running, and is the same one. */
export function isAlive({ pid, startedAt }: Identity): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return startOf(pid) === startedAt;
}

/** Replaces the start time where it is not known: a later engine does not find such a process again. */
const UNKNOWN_START = `child of ${process.pid}`;

/** Start time of a process; empty: there is none, or it is a zombie. */
export function startOf(pid: number): string {
  if (process.platform !== "linux") return UNKNOWN_START;
  const fields = statusFields(pid);
  return fields[0] === "Z" ? "" : (fields[19] ?? "");
}

/** Fields of `/proc/<pid>/stat` from the third on: state, parent, group, and the start as the 22nd. */
export function statusFields(pid: number): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in parentheses, may contain spaces and parentheses.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}

/** Kills all descendants of a process, in any process group. On Linux only; elsewhere it does nothing. */
export function killDescendants(pid: number): void {
  if (process.platform !== "linux") return;
  const parents = new Map(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), Number(statusFields(Number(name))[1])] as const),
  );
  const childrenOf = (parent: number): readonly number[] =>
    [...parents].filter(([, each]) => each === parent).flatMap(([child]) => [child, ...childrenOf(child)]);
  for (const each of childrenOf(pid)) {
    try {
      process.kill(each, "SIGKILL");
    } catch {
      // Exited in the meantime.
    }
  }
}
