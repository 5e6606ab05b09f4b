import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { benchmarkOf, RESULT_FILE as FILE, inFolderOfItsOwn } from "../../support/benchmarks.js";

beforeEach(() => {
  inFolderOfItsOwn();
});

/** Measures once more with another configuration in the same folder. @returns whether it asked the model. */
async function measuresAgain(
  before: Parameters<typeof benchmarkOf>[0],
  after: Parameters<typeof benchmarkOf>[0],
) {
  await benchmarkOf({ runs: 1, concurrency: 2, ...before }).run();
  const second = benchmarkOf({ runs: 1, concurrency: 2, ...after });
  await second.run();
  return { isAgain: second.sent.length > 0, lines: second.lines };
}

const cost = ({ cost }: Readonly<Record<string, unknown>>): number => Number(cost ?? 1);

describe("a kept result belongs to what was measured", () => {
  test.each<readonly [string, Parameters<typeof benchmarkOf>[0], Parameters<typeof benchmarkOf>[0]]>([
    ["runs", {}, { runs: 2 }],
    ["concurrency", {}, { concurrency: 3 }],
    ["doWarmup", {}, { doWarmup: false }],
    ["generator", { generator: () => ({ prompt: "a" }) }, { generator: () => ({ prompt: "b" }) }],
    ["dataset", { dataset: [{ prompt: "a" }] }, { dataset: [{ prompt: "b" }] }],
    ["workloadCalculator", {}, { handler: { workloadCalculator: cost } }],
    ["remoteFunction", { handler: { remoteFunction: () => 1 } }, { handler: { remoteFunction: () => 2 } }],
    ["route", {}, { handler: { route: "/other" } }],
    ["modelRoute", {}, { handler: { modelRoute: "/other" } }],
    ["generatePayloadJson", {}, { handler: { generatePayloadJson: () => ({}) } }],
    [
      "generatePayloadMultipart",
      { handler: { generatePayloadMultipart: () => ({ a: 1 }) } },
      { handler: { generatePayloadMultipart: () => ({ a: 2 }) } },
    ],
    ["routes", { handler: { concurrency: 2 } }, { handler: { concurrency: 3 } }],
    ["routes", {}, { handler: { queue: "gpu" } }],
  ])("another %s is measured again, and the change is logged", async (part, before, after) => {
    const { isAgain, lines } = await measuresAgain(before, after);
    expect(isAgain).toBe(true);
    const line = lines.find(({ msg }) => String(msg).startsWith("benchmark is measured again"));
    expect(line?.changed).toContain(part);
    expect(line).toMatchObject({ file: FILE, kept: expect.any(Number) });
    // And belongs to that from then on.
    expect((await measuresAgain(after, after)).isAgain).toBe(false);
  });

  test.each<readonly [string, Parameters<typeof benchmarkOf>[0]]>([
    ["nothing", {}],
    ["the model's route to the same one", { handler: { modelRoute: "/go" } }],
    ["what clients may wait", { handler: { maxQueueTime: 5 } }],
    ["how long the model may take", { handler: { timeouts: { totalMs: 5000 } } }],
  ])("where %s changes it stays", async (_, after) => {
    expect((await measuresAgain({}, after)).isAgain).toBe(false);
  });

  test("a dataset of what JSON cannot hold is compared as well", async () => {
    const dataset = (value: unknown) => ({ dataset: [{ value }] });
    const remote = { handler: { remoteFunction: () => 1 } };
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    expect(
      (await measuresAgain({ ...remote, ...dataset(circular) }, { ...remote, ...dataset(circular) })).isAgain,
    ).toBe(false);
    expect(
      (await measuresAgain({ ...remote, ...dataset(circular) }, { ...remote, ...dataset(2n) })).isAgain,
    ).toBe(true);
  });

  test("a number without a companion counts as it is, and gets none", async () => {
    writeFileSync(FILE, "77");
    const { sent, run } = benchmarkOf({});
    expect(await run()).toBe(77);
    expect(sent).toEqual([]);
    expect(existsSync(`${FILE}.key`)).toBe(false);
  });

  test.each(["", "deadbeef", "route 1\nroutes\n\0"])("a companion with %j is another one's", async (text) => {
    writeFileSync(FILE, "77");
    writeFileSync(`${FILE}.key`, text);
    const { sent, run } = benchmarkOf({ runs: 1, concurrency: 1, doWarmup: false });
    expect(await run()).not.toBe(77);
    expect(sent).toHaveLength(1);
  });

  test("the companion holds hashes, and nothing of the configuration in readable form", async () => {
    const secret = "s3cret-in-a-payload";
    await benchmarkOf({ runs: 1, dataset: [{ secret }] }).run();
    const text = readFileSync(`${FILE}.key`, "utf8");
    expect(text).not.toContain(secret);
    for (const line of text.trim().split("\n")) expect(line).toMatch(/^\w+ [0-9a-f]{64}$/);
  });
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
    "is measured anew and replaced where the file has %j",
    async (text) => {
      writeFileSync(FILE, text);
      const { sent, run } = benchmarkOf({ runs: 1, concurrency: 1 });
      const result = await run();
      expect(sent).toHaveLength(2);
      expect(readFileSync(FILE, "utf8")).toBe(String(result));
    },
  );

  test("counts even when it cannot be kept, and the failure is logged", async () => {
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
