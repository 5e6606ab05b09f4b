import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Frame } from "../../../src/inspector/recorder/frames.js";
import { parseRecording } from "../../../src/inspector/recorder/recording.js";
import { tsworker } from "../../support/command-line.js";
import { eventually } from "../../support/eventually.js";
import { startFakeInspector } from "../../support/fake-inspector.js";
import { freePort } from "../../support/free-port.js";
import { eventOf, helloOf, requestOf, tickOf } from "../../support/inspect-frames.js";
import { linesOf, numbersOf } from "../../support/inspected.js";

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "tsworker-inspect-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

const framesIn = async (file: string): Promise<readonly Frame[]> =>
  (await readFile(file, "utf8"))
    .trimEnd()
    .split("\n")
    .map((line): Frame => JSON.parse(line));

describe("a recording", () => {
  test("holds every frame whatever is selected, line by line while it is written", async () => {
    const file = join(await folder(), "recording.ndjson");
    const hello = helloOf({ records: [eventOf(1)] });
    const { inspector, url } = await startFakeInspector(hello);
    const command = tsworker("inspect", url, "--errors", "--record", file);
    await inspector.attached(1);
    const ticks = [tickOf([eventOf(2)]), tickOf([requestOf(3)]), tickOf([])];
    for (const tick of ticks) inspector.send(tick);
    await eventually(async () => expect(await framesIn(file)).toHaveLength(4));
    command.signal("SIGKILL");
    await command.exitCode;
    expect(parseRecording(await readFile(file, "utf8"))).toEqual({
      ...JSON.parse(JSON.stringify({ hello, ticks })),
      isCutOff: false,
    });
    expect(command.stdout()).toBe("");
  });

  test("is complete after Ctrl-C, with a summary of its records and its place", async () => {
    const file = join(await folder(), "recording.ndjson");
    const { inspector, url } = await startFakeInspector(helloOf());
    const command = tsworker("inspect", url, "--record", file);
    await inspector.attached(1);
    inspector.send(tickOf([eventOf(1), eventOf(2)]));
    await eventually(() => expect(linesOf(command.stdout())).toHaveLength(2));
    command.signal("SIGINT");
    expect(await command.exitCode).toBe(0);
    expect(command.stderr()).toContain(`by SIGINT  2 records  0 events left out  recorded in ${file}`);
    expect(await framesIn(file)).toHaveLength(2);
    await inspector.attached(0);
    expect(inspector.received).toBe(0);
  });

  test("replaces an earlier one only when there is something to record", async () => {
    const file = join(await folder(), "recording.ndjson");
    await writeFile(file, "earlier\n");
    const command = tsworker("inspect", `127.0.0.1:${await freePort()}`, "--record", file);
    expect(await command.exitCode).toBe(1);
    expect(await readFile(file, "utf8")).toBe("earlier\n");
  });

  test("that cannot be written is one clear error", async () => {
    const { url } = await startFakeInspector(helloOf());
    const command = tsworker("inspect", url, "--record", "/nowhere/x");
    expect(await command.exitCode).toBe(1);
    expect(command.stderr()).toContain("error: cannot write the recording: ENOENT");
    expect(command.stderr()).not.toContain("    at ");
  });

  test("stays one when the worker begins anew, because it was not read in time", async () => {
    const file = join(await folder(), "recording.ndjson");
    const { inspector, url } = await startFakeInspector(helloOf({ records: [eventOf(1)] }));
    const command = tsworker("inspect", url, "--json", "--record", file);
    await inspector.attached(1);
    inspector.send(tickOf([eventOf(2)]));
    inspector.send(helloOf({ records: [eventOf(1), eventOf(2), eventOf(5)] }));
    inspector.close(1001);
    expect(await command.exitCode).toBe(0);
    const { ticks } = parseRecording(await readFile(file, "utf8"));
    expect(ticks.map(({ records }) => records.map(({ n }) => n))).toEqual([[2], [5]]);
    expect(numbersOf(command.stdout())).toEqual([1, 2, 5]);
  });
});
