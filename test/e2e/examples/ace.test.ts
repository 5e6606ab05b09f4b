import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ExampleFixture } from "../../support/example-fixture.js";

test("the worker measures one piece of 180 s, and the client writes another one into a file", async () => {
  const fixture = await ExampleFixture.readyForTest("ace");
  const rounds = fixture.lines.filter(({ msg }) => msg === "benchmark round");
  expect(rounds).toMatchObject([{ rounds: 1, requests: 1, successes: 1 }]);
  expect(Number(rounds[0]?.throughput) * Number(rounds[0]?.seconds)).toBeCloseTo(1000, -1);
  const workflow = JSON.parse(
    await readFile(new URL("../../../examples/ace/workflow.json", import.meta.url), "utf8"),
  );
  expect(workflow.length.inputs.seconds).toBe(180);

  const output = await fixture.client("piano, slow");
  expect(output).toMatch(/^composing: piano, slow\nstep +1 of 50 (.*\n)+saved .*ace_00002_\.flac/);
  const file = await readFile(join(fixture.folder, "ace_00002_.flac"));
  expect(file.toString("latin1", 0, 4)).toBe("fLaC");
  const there = await fetch(`${fixture.modelUrl}/view?filename=ace_00002_.flac&subfolder=audio`);
  const hash = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
  expect(hash(Buffer.from(await there.arrayBuffer()))).toBe(hash(file));
});
