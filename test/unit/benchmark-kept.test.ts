import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { benchmarkOf, RESULT_FILE as FILE, inFolderOfItsOwn } from "./support/benchmarks.js";

beforeEach(() => {
  inFolderOfItsOwn();
});

describe("the benchmark's result", () => {
  test("is kept as text, and the next start takes it from there", async () => {
    const first = benchmarkOf({ runs: 1, concurrency: 1 });
    const result = await first.run();
    expect(readFileSync(FILE, "utf8")).toBe(String(result));
    const second = benchmarkOf({ runs: 1, concurrency: 1 });
    expect(await second.run()).toBe(result);
    expect(second.sent).toEqual([]);
  });

  test.each([
    ["123.5", 123.5],
    [" 80\n", 80],
    ["1e3", 1000],
  ])("is read from %j", async (text, result) => {
    writeFileSync(FILE, text);
    const { sent, run } = benchmarkOf({});
    expect(await run()).toBe(result);
    expect(sent).toEqual([]);
  });

  test.each(["", " \n", "0", "-5", "NaN", "Infinity", "fast", "12 units"])(
    "is measured anew and replaced where the file says %j",
    async (text) => {
      writeFileSync(FILE, text);
      const { sent, run } = benchmarkOf({ runs: 1, concurrency: 1 });
      const result = await run();
      expect(sent).toHaveLength(2);
      expect(readFileSync(FILE, "utf8")).toBe(String(result));
    },
  );

  test("counts even when it cannot be kept, and the log says so", async () => {
    mkdirSync(FILE);
    const { run, warnings } = benchmarkOf({ runs: 1, concurrency: 1 });
    expect(await run()).toBeGreaterThan(0);
    expect(warnings()).toMatchObject([{ file: FILE, err: { code: "EISDIR" } }]);
  });

  test("is not kept where there is none", async () => {
    const { run } = benchmarkOf({ send: async () => ({ answered: false, fault: "status 500" }) });
    await expect(run()).rejects.toThrow();
    expect(existsSync(FILE)).toBe(false);
  });
});
