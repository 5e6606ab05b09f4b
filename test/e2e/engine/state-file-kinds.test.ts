import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { lstat, mkdir, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { StateFile } from "../../../src/engine/state/state-file.js";
import { type Ended, tsworkerHere } from "../../support/command-here.js";
import { tsworker } from "../../support/command-line.js";
import { eventually } from "../../support/eventually.js";
import { SLOW, temporaryFolder } from "../../support/process-engine.js";

const OWN = ["--endpoint", "endpoint", "--api-key", "key", "--port", "0"];

const fifo = (path: string): void => void execFileSync("mkfifo", [path]);

async function byProcess(...parameters: readonly string[]): Promise<Ended> {
  const command = tsworker(...parameters);
  return { exitCode: await command.exitCode, stdout: command.stdout(), stderr: command.stderr() };
}

const KINDS: readonly (readonly [kind: string, make: (path: string) => unknown])[] = [
  ["a FIFO", fifo],
  ["a directory", (path) => mkdir(path)],
  ["a device", (path) => symlink("/dev/zero", path)],
  [
    "a socket",
    async (path) => {
      const server = createServer().listen(path);
      onTestFinished(() => void server.close());
      await once(server, "listening");
    },
  ],
];

describe.each(KINDS)("%s as --state", (kind, make) => {
  // What never ends where it is read does so in a process, which can be killed.
  const ended = kind === "a FIFO" || kind === "a device" ? byProcess : tsworkerHere;

  test("is refused at once with its name, and stays what it is", async () => {
    const state = join(await temporaryFolder(), "state");
    await make(state);
    const before = await lstat(state);
    const { exitCode, stderr } = await ended("engine", ...OWN, "--state", state);
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      `error: cannot read the engine's state from ${state}: expected a regular file, got ${kind}\n`,
    );
    expect((await lstat(state)).ino).toBe(before.ino);
  });

  test("in the place where it is written first is refused, too", async () => {
    const state = join(await temporaryFolder(), "state");
    await make(`${state}.new`);
    const { exitCode, stderr } = await tsworkerHere("engine", ...OWN, "--state", state);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(new RegExp(`: expected a regular file, got ${kind}\n$`));
  });
});

test("a FIFO that takes the file's place while the engine runs is not replaced, and SIGTERM ends it", async () => {
  const folder = await temporaryFolder();
  const state = join(folder, "state");
  const engine = tsworker("engine", ...OWN, "--state", state);
  await eventually(() => engine.stdout().includes("listening"), SLOW);
  execFileSync("rm", [state]);
  fifo(state);
  engine.signal("SIGTERM");
  expect(await engine.exitCode).toBe(1);
  expect(engine.stderr()).toContain("expected a regular file, got a FIFO");
  expect((await lstat(state)).isFIFO()).toBe(true);
});

test("what an earlier engine left half written is replaced whole, and is its owner's only", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "state.new"), "x".repeat(100_000));
  const file = new StateFile({
    path: join(folder, "state"),
    state: () => ({
      version: 1,
      privateKey: "",
      lastRequestIdx: 0,
      lastReqnum: 0,
      lastId: 0,
      lastWorkerId: 0,
      endpoints: [],
      groups: [],
      workers: [],
      deployments: [],
    }),
    onNotice: () => {},
  });
  await file.flush();
  const { size, mode } = await lstat(join(folder, "state"));
  expect(size).toBeLessThan(1000);
  expect(mode & 0o777).toBe(0o600);
});

test("a folder that is not there, or is none, is named", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "file"), "");
  for (const [path, reason] of [
    [join(folder, "nowhere", "state"), `there is no folder ${join(folder, "nowhere")}`],
    [join(folder, "file", "state"), "ENOTDIR"],
    ["/sys/state", "no permission to write in the folder /sys"],
  ] as const) {
    const { exitCode, stderr } = await tsworkerHere("engine", ...OWN, "--state", path);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(new RegExp(`^error: cannot (?:read|write) the engine's state .*${reason}.*\n$`));
  }
});
