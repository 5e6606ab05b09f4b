import { appendFileSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { LogTail } from "../../../../src/worker/model/log-tail.js";
import { eventually } from "../../../support/eventually.js";
import { logPath, openHandles, tailed } from "../../support/tailed.js";

const looked = () => sleep(350);

describe("following a log", () => {
  test("ends when it is aborted, and closes the file", async () => {
    const file = await logPath();
    writeFileSync(file, "one\n");
    const { lines, stop } = tailed(file);
    await eventually(() => expect(lines).toEqual(["one"]));
    expect(await openHandles(file)).toBe(1);
    await stop();
    expect(await openHandles(file)).toBe(0);
    appendFileSync(file, "two\n");
    await looked();
    expect(lines).toEqual(["one"]);
  });

  test("ends when it is aborted while it waits for the file to appear", async () => {
    await tailed(await logPath()).stop();
  });

  test("closes the file when its reader stops", async () => {
    const file = await logPath();
    writeFileSync(file, "one\ntwo\n");
    for await (const [line] of new LogTail(file).lines(new AbortController().signal, () => {})) {
      expect(line?.text).toBe("one");
      break;
    }
    expect(await openHandles(file)).toBe(0);
  });
});

describe("a log that cannot be read", () => {
  test("is reported once, and read as soon as it can be", async () => {
    const file = await logPath();
    mkdirSync(file);
    const { lines, faults } = tailed(file);
    await eventually(() => expect(faults).toHaveLength(1));
    await looked();
    expect(faults).toMatchObject([{ message: "expected a regular file, got a directory" }]);
    rmdirSync(file);
    writeFileSync(file, "one\n");
    await eventually(() => expect(lines).toEqual(["one"]));
    expect(faults).toHaveLength(1);
  });

  test("is reported again when it was readable, or missing, in between", async () => {
    const file = await logPath();
    mkdirSync(file);
    const { faults } = tailed(file);
    await eventually(() => expect(faults).toHaveLength(1));
    // Once, unless it was too slow to look in between.
    await eventually(async () => {
      rmdirSync(file);
      await looked();
      mkdirSync(file);
      await looked();
      expect(faults.length).toBeGreaterThan(1);
    });
  });

  test("leaves no handle open", async () => {
    const file = await logPath();
    mkdirSync(file);
    const { faults, stop } = tailed(file);
    await eventually(() => expect(faults).toHaveLength(1));
    await looked();
    await stop();
    expect(await openHandles(file)).toBe(0);
  });
});
