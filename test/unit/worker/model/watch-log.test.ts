import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { type AnyEventObject, createActor, setup } from "xstate";
import type { LogActionConfig, LogPattern } from "../../../../src/worker/config/config.js";
import { watchLog } from "../../../../src/worker/model/watch-log.js";
import { eventually } from "../../../support/eventually.js";
import { keptLog } from "../../support/kept-log.js";
import { logPath, openHandles } from "../../support/tailed.js";

const PATTERNS = {
  onLoad: ["ready", /^startup complete in \d+ s$/g],
  onError: ["Traceback", /^(?:ERROR )?failed: \w+/i],
  onInfo: ["Download"],
};

interface Options {
  readonly file?: string;
  readonly patterns?: Partial<Record<keyof LogActionConfig, readonly LogPattern[]>>;
  readonly isRequired?: boolean;
}

/** A watched log, and the events that its parent receives. */
async function watched({ file, patterns, isRequired = false }: Options = {}) {
  const path = file ?? (await logPath());
  if (file === undefined) writeFileSync(path, "");
  const { log, lines } = keptLog();
  const received: AnyEventObject[] = [];
  const logic = watchLog({
    file: path,
    patterns: { onLoad: [], onError: [], onInfo: [], ...(patterns ?? PATTERNS) },
    log,
    isRequired,
  });
  const parent = createActor(
    setup({ actors: { watch: logic } }).createMachine({
      invoke: { src: "watch" },
      on: { "*": { actions: ({ event }) => received.push(event) } },
    }),
  ).start();
  onTestFinished(() => {
    parent.stop();
  });
  return { file: path, received, lines, stop: () => parent.stop() };
}

const types = (received: readonly AnyEventObject[]) => received.map(({ type }) => type.replace("log.", ""));

test("each line that matches is reported with what matched, and an error counts more than loaded, more than information", async () => {
  const { file, received, lines } = await watched();
  const text = [
    "nothing of interest",
    "Download 10%",
    "startup complete in 12 s",
    "startup complete in 13 s",
    "the startup complete in 12 s",
    "Traceback at Download, not ready",
    "Error failed: weights of ready",
    "ready after Download",
  ];
  appendFileSync(file, `${text.join("\n")}\n`);
  await eventually(() => expect(received).toHaveLength(6));
  expect(received).toEqual([
    { type: "log.noted", line: text[1], match: "Download", stale: false },
    { type: "log.loaded", line: text[2], match: text[2], stale: false },
    { type: "log.loaded", line: text[3], match: text[3], stale: false },
    { type: "log.failed", line: text[5], match: "Traceback", stale: false },
    { type: "log.failed", line: text[6], match: "Error failed: weights", stale: false },
    { type: "log.loaded", line: text[7], match: "ready", stale: false },
  ]);
  expect(lines.map(({ line, level }) => [line, level])).toEqual([
    [text[1], 30],
    [text[2], 30],
    [text[3], 30],
    [text[5], 50],
    [text[6], 50],
    [text[7], 30],
  ]);
});

test("a regular expression sees the first 2048 characters of a line, and no end where the line is cut", async () => {
  const { file, received } = await watched({
    patterns: { onLoad: [/ready/], onError: [/failed$/], onInfo: ["far"] },
  });
  const line = (begin: string) => `${begin.padStart(2048, "x")} and so on`;
  appendFileSync(
    file,
    `${line("ready")}\n${line("failed")}\n${"x".repeat(2048)}ready\n${"x".repeat(5000)}far\n`,
  );
  await eventually(() => expect(types(received)).toEqual(["loaded", "noted"]));
});

test("a stopped watch closes the log", async () => {
  const { file, received, stop } = await watched();
  appendFileSync(file, "ready\n");
  await eventually(() => expect(received).toHaveLength(1));
  stop();
  await eventually(async () => expect(await openHandles(file)).toBe(0));
});

describe("a last line without a line break", () => {
  test("is searched after a second of silence, and reports nothing twice", async () => {
    const { file, received } = await watched();
    appendFileSync(file, "loading\nnearly read");
    const since = performance.now();
    appendFileSync(file, "y");
    await eventually(() => expect(types(received)).toEqual(["loaded"]));
    expect(performance.now() - since).toBeGreaterThan(900);
    appendFileSync(file, " now\nTraceback\n");
    await eventually(() => expect(types(received)).toEqual(["loaded", "failed"]));
    expect(received[1]).toMatchObject({ line: "Traceback" });
  });

  test("reports what is added later, too", async () => {
    const { file, received } = await watched();
    appendFileSync(file, "ready");
    await eventually(() => expect(types(received)).toEqual(["loaded"]));
    appendFileSync(file, ", but: Trace");
    appendFileSync(file, "back");
    await eventually(() => expect(types(received)).toEqual(["loaded", "failed"]));
    appendFileSync(file, "\nready\n");
    await eventually(() => expect(types(received)).toEqual(["loaded", "failed", "loaded"]));
  });

  test("is searched in a file that was rotated, too", async () => {
    const { file, received } = await watched();
    appendFileSync(file, "begun\n");
    rmSync(file);
    writeFileSync(file, "ready");
    await eventually(() => expect(types(received)).toEqual(["loaded"]));
  });
});

describe("lines that repeat", () => {
  afterEach(() => {
    vi.useRealTimers();
  });
  const many = (line: string, count = 30_000) => `${line}\n`.repeat(count);

  test("are counted: the first are shown and reported, the others are a number", async () => {
    const { file, received, lines, stop } = await watched();
    appendFileSync(file, `${many("ready")}Download\n`);
    await eventually(() => expect(types(received)).toContain("noted"));
    expect(types(received)).toEqual([...Array(20).fill("loaded"), "noted"]);
    stop();
    expect(lines.map(({ msg }) => msg)).toEqual([
      ...Array(21).fill("model log"),
      "model log: … and 29,980 more lines matched",
    ]);
  });

  test("never hide the log's last lines", async () => {
    const { file, received } = await watched();
    appendFileSync(
      file,
      `${many("Traceback")}${many("ready")}${many("Traceback\nready")}${many("Traceback")}`,
    );
    await eventually(() =>
      expect(types(received).filter((type) => type === "failed").length).toBeGreaterThan(5),
    );
    await eventually(() => {
      const reported = types(received);
      expect(reported.slice(0, 21)).toEqual([...Array(20).fill("failed"), "loaded"]);
      expect(reported.at(-1)).toBe("failed");
      expect(reported.filter((type) => type === "loaded").length).toBeGreaterThanOrEqual(20);
      expect(reported.length).toBeLessThan(300);
    });
  });

  test("are reported again when some seconds are over", async () => {
    const { file, received, lines } = await watched({ patterns: { onLoad: ["ready"] } });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    appendFileSync(file, many("ready", 22));
    await vi.waitFor(() => expect(lines).toHaveLength(20));
    vi.advanceTimersByTime(5000);
    expect(lines.at(-1)).toMatchObject({
      msg: "model log: … and 2 more lines matched",
      match: "ready",
      more: 2,
    });
    expect(types(received)).toHaveLength(21);
    vi.useRealTimers();
    appendFileSync(file, many("ready", 2));
    await eventually(() => expect(types(received)).toHaveLength(23));
  });

  test("hide no new line behind those that were there before", async () => {
    const file = await logPath();
    writeFileSync(file, many("ready"));
    const { received } = await watched({ file });
    await eventually(() => expect(received).toHaveLength(20));
    appendFileSync(file, many("ready", 2));
    await eventually(() =>
      expect(received.map(({ stale }) => stale)).toEqual([...Array(20).fill(true), false, false]),
    );
  });
});

describe("a file that can be no log", () => {
  test.each([
    ["a FIFO", (file: string) => execFileSync("mkfifo", [file]), rmSync],
    ["a directory", (file: string) => mkdirSync(file), rmdirSync],
    ["a device", (file: string) => symlinkSync("/dev/zero", file), rmSync],
  ])(
    "%s is refused without waiting for it, and taken up when a file is in its place",
    async (kind, make, remove) => {
      const file = await logPath();
      make(file);
      const { received, lines } = await watched({ file, isRequired: true });
      const message = `expected a regular file, got ${kind}`;
      await eventually(() =>
        expect(lines).toMatchObject([{ level: 50, file, msg: `model log: ${message}` }]),
      );
      const line = `modelLogFile ${file}: ${message}`;
      expect(received).toEqual([{ type: "log.failed", line, match: line, stale: false }]);
      expect(await openHandles(file)).toBe(0);
      remove(file);
      writeFileSync(file, "ready\n");
      await eventually(() => expect(types(received)).toEqual(["failed", "loaded"]));
    },
  );

  test("is no failure of the worker where the log is not required", async () => {
    const file = await logPath();
    mkdirSync(file);
    const { received, lines } = await watched({ file });
    await eventually(() => expect(lines).toHaveLength(1));
    expect(received).toEqual([]);
  });

  test("takes the place of a log", async () => {
    const { file, received } = await watched({ isRequired: true });
    appendFileSync(file, "ready\n");
    await eventually(() => expect(types(received)).toEqual(["loaded"]));
    rmSync(file);
    execFileSync("mkfifo", [file]);
    await eventually(() => expect(types(received)).toEqual(["loaded", "failed"]));
  });

  test("is no link to a regular file", async () => {
    const target = await logPath();
    const file = await logPath();
    symlinkSync(target, file);
    const { received } = await watched({ file });
    writeFileSync(target, "ready\n");
    await eventually(() => expect(types(received)).toEqual(["loaded"]));
  });
});
