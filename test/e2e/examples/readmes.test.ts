import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { patternOf, ReadmeFixture, stepsOf } from "../../support/readme-fixture.js";
import { root } from "../../unit/support/documents.js";

const folders = await readdir(root("examples"));
const isWorker = async (name: string): Promise<boolean> =>
  stat(join(root("examples"), name, "worker.ts")).then(
    () => true,
    () => false,
  );
const examples = (
  await Promise.all(folders.map(async (name) => ((await isWorker(name)) ? [name] : [])))
).flat();

let fixture: ReadmeFixture | undefined;
afterEach(() => fixture?.close());

test.each(examples)("examples/%s does what its README describes", async (name) => {
  const [first, ...others] = await stepsOf(name);
  expect(first?.command).toBe(`npx tsworker dev ${name}`);
  expect(others.length).toBeGreaterThan(0);
  fixture = await ReadmeFixture.create();
  const output = fixture.start(first?.command ?? "");
  await eventually(() => expect(output()).toMatch(/worker +ready\b/), { timeoutMs: 60_000 });
  for (const step of others) {
    const printed = await fixture.run(step.command);
    if (step.output !== undefined) expect(printed, step.command).toMatch(patternOf(step.output));
  }
});
