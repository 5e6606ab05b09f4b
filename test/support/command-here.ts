import { Console } from "node:console";
import type { EventEmitter } from "node:events";
import { Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import { vi } from "vitest";
import { root } from "../unit/support/documents.js";

/** What a command came to. */
export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `tsworker` with these arguments in this very process, which saves the second that a process takes to load it: for
 * what a command prints, and its exit code. One at a time. That a process prints the same, and ends with that code, is for a
 * test with `tsworker()` to prove.
 */
export async function tsworkerHere(...parameters: readonly string[]): Promise<Ended> {
  return tsworkerHereIn(process.cwd(), ...parameters);
}

/** The same in another folder. */
export async function tsworkerHereIn(cwd: string, ...parameters: readonly string[]): Promise<Ended> {
  // As `build.ts` leaves it, like that of a process.
  const { run }: typeof import("../../src/cli/command-line.js") = await import(
    pathToFileURL(root("dist/src/cli/command-line.js")).href
  );
  const [stdout, stderr] = [new Sink(), new Sink()];
  const forget = listenersSince();
  const before = process.cwd();
  process.chdir(cwd);
  vi.stubGlobal("console", new Console({ stdout, stderr }));
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation((piece) => stdout.write(piece)),
    vi.spyOn(process.stderr, "write").mockImplementation((piece) => stderr.write(piece)),
  ];
  try {
    const exitCode = await run([process.execPath, "tsworker", ...parameters]);
    return { exitCode, stdout: stdout.text, stderr: stderr.text };
  } finally {
    process.chdir(before);
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllGlobals();
    forget();
  }
}

class Sink extends Writable {
  text = "";

  override _write(piece: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += piece;
    done();
  }
}

/** Takes away, when it is called, whatever has come to listen to signals and to errors of the output. */
function listenersSince(): () => void {
  const { stdout, stderr } = process;
  const places: readonly (readonly [EventEmitter, string])[] = [
    ...["SIGINT", "SIGTERM", "SIGHUP"].map((name) => [process, name] as const),
    ...[stdout, stderr].map((stream) => [stream, "error"] as const),
  ];
  const before = places.map(([emitter, name]) => emitter.rawListeners(name));
  return () => {
    for (const [index, [emitter, name]] of places.entries()) {
      emitter.removeAllListeners(name);
      for (const listener of before[index] ?? []) emitter.on(name, listener as () => void);
    }
  };
}
