import { readdirSync, readFileSync } from "node:fs";

/** A process as it can be told from a later one that was given the same number. */
export interface Identity {
  readonly pid: number;
  /** When it began, in the system's own words. */
  readonly startedAt: string;
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

/**
 * What stands in for the start where the system does not tell it: such a process is not found again by a
 * later engine.
 */
const OF_THIS_RUN = `child of ${process.pid}`;

/** When a process began; empty: there is none, or it only waits to be noticed as dead. */
export function startOf(pid: number): string {
  if (process.platform !== "linux") return OF_THIS_RUN;
  const fields = statusFields(pid);
  return fields[0] === "Z" ? "" : (fields[19] ?? "");
}

/** Fields of `/proc/<pid>/stat` from the third on: state, parent, group, and the start as the 22nd. */
export function statusFields(pid: number): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in parentheses, may hold anything.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}

/**
 * Kills all processes that a process has started, and what those have started, in whichever groups they are. Only Linux tells
 * which they are; elsewhere nothing happens.
 */
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
      // It has ended by itself.
    }
  }
}
