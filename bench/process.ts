import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import { connect } from "node:net";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";

export interface SpawnOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Runs only while the core is idle otherwise. @default false */
  readonly idle?: boolean;
  /** An IPC channel to a Node.js process. @default false */
  readonly ipc?: boolean;
}

let idleCommand: readonly string[] | undefined;

/** The command that runs another at idle priority: `chrt` where the system allows it, `nice` otherwise. */
function atIdlePriority(): readonly string[] {
  idleCommand ??=
    spawnSync("chrt", ["-i", "0", "true"]).status === 0 ? ["chrt", "-i", "0"] : ["nice", "-n", "19"];
  return idleCommand;
}

/** A process pinned to one core. */
export function spawnOn(
  core: number,
  command: string,
  args: readonly string[],
  { env, cwd, idle = false, ipc = false }: SpawnOptions,
): ChildProcess {
  const priority = idle ? atIdlePriority() : [];
  return spawn("taskset", ["-c", String(core), ...priority, command, ...args], {
    env: { PATH: process.env.PATH, ...env },
    cwd,
    stdio: ["ignore", "ignore", "inherit", ...(ipc ? (["ipc"] as const) : [])],
  });
}

/** The output of a program that runs on a core until it ends. @throws when it fails. */
export async function outputOf(
  core: number,
  command: string,
  args: readonly string[],
  { idle = false }: Pick<SpawnOptions, "idle"> = {},
): Promise<string> {
  const priority = idle ? atIdlePriority() : [];
  const { stdout } = await promisify(execFile)("taskset", [
    "-c",
    String(core),
    ...priority,
    command,
    ...args,
  ]);
  return stdout;
}

/** Moves this process to a core. */
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

/** Resident memory of a process and its children in MB: now, or at its highest (`VmHWM`). */
export async function residentMb(pid: number, field: "VmRSS" | "VmHWM" = "VmRSS"): Promise<number> {
  const [status, children] = await Promise.all([readFile(`/proc/${pid}/status`, "utf8"), childrenOf(pid)]);
  const own = Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024;
  const theirs = await Promise.all(children.map((child) => residentMb(child, field)));
  return theirs.reduce((sum, mb) => sum + mb, own);
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}

/** Tries every 50 ms for 30 s until something holds, or the process ends. @throws when it never did. */
async function waitFor(what: string, child: ChildProcess, holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await holds()) return;
    if (child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(what);
}

/** The status of a POST: of JSON as text, or of msgpack as bytes. Certificates are not checked. */
function statusOf(url: string, body: string | Buffer): Promise<number | undefined> {
  const headers = { "content-type": typeof body === "string" ? "application/json" : "application/msgpack" };
  const send = url.startsWith("https:") ? https.request : http.request;
  return new Promise((resolve) => {
    const sent = send(
      url,
      { method: "POST", headers, agent: false, rejectUnauthorized: false },
      (response) => {
        response.resume().on("close", () => resolve(response.statusCode));
      },
    );
    sent.on("error", () => resolve(undefined)).end(body);
  });
}

/** Waits until a URL answers a POST of this body with 200. */
export const answers = (url: string, body: string | Buffer, child: ChildProcess): Promise<void> =>
  waitFor(`${url} did not answer 200 to the benchmark's request`, child, async () => {
    return (await statusOf(url, body)) === 200;
  });

/** Waits until a port on loopback accepts connections. */
export const listens = (port: number, child: ChildProcess): Promise<void> =>
  waitFor(`no server on port ${port}`, child, async () => {
    const socket = connect(port, "127.0.0.1");
    const connected = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    return connected;
  });
