import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";

/** A process pinned to one core. */
export function spawnOn(
  core: number,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd: string,
): ChildProcess {
  return spawn("taskset", ["-c", String(core), command, ...args], {
    env: { PATH: process.env.PATH, ...env },
    cwd,
    stdio: ["ignore", "ignore", "inherit"],
  });
}

/** Moves this process, which plays the engine, to a core. */
export async function moveTo(core: number): Promise<void> {
  await promisify(execFile)("taskset", ["-a", "-cp", String(core), String(process.pid)]);
}

/** The core that is not the proxy's. */
export const otherCore = (core: number): number => (core + 1) % Math.max(2, availableParallelism());

async function statOf(pid: number): Promise<readonly string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = await Promise.all(pids.map((each) => statOf(each).catch(() => [])));
  return pids.filter((_, index) => Number(parents[index]?.[1]) === pid);
}

/** Linux counts CPU time in ticks of a hundredth of a second. */
const TICKS_PER_SECOND = 100;

/** CPU seconds, user and system, that a process and its children have used. */
export async function cpuSeconds(pid: number): Promise<number> {
  const [stat, children] = await Promise.all([statOf(pid), childrenOf(pid)]);
  const own = (Number(stat[11]) + Number(stat[12])) / TICKS_PER_SECOND;
  const theirs = await Promise.all(children.map(cpuSeconds));
  return theirs.reduce((sum, seconds) => sum + seconds, own);
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}

/** Waits until a URL answers a POST of this body with 200. */
export async function answers(url: string, body: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const response = await fetch(url, { method: "POST", body }).catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.status === 200) return;
    if (child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} did not answer 200 to the benchmark's request`);
}
