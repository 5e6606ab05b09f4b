import { mkdtemp, readdir, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { LogTail } from "../../../src/worker/model/log-tail.js";
import type { LogLine } from "../../../src/worker/model/log-text.js";

/** A path for a log in a folder of its own, which is gone when the test is over. */
export async function logPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tsworker-log-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "model.log");
}

/** Follows a file until the test is over, and keeps its lines. */
export function tailed(file: string) {
  const read: LogLine[] = [];
  const lines: string[] = [];
  const faults: unknown[] = [];
  const controller = new AbortController();
  const follow = async (): Promise<void> => {
    for await (const piece of new LogTail(file).lines(controller.signal, (fault) => faults.push(fault))) {
      read.push(...piece);
      lines.push(...piece.map(({ text }) => text));
    }
  };
  const ended = follow();
  const stop = async (): Promise<void> => {
    controller.abort();
    await ended;
  };
  onTestFinished(stop);
  return { read, lines, faults, stop };
}

/** How often this process has a file open. */
export async function openHandles(file: string): Promise<number> {
  const links = await Promise.all(
    (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")),
  );
  return links.filter((link) => link.startsWith(file)).length;
}
