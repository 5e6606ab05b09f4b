import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { freeNeighbours, freePort } from "../../support/free-port.js";
import { patternOf, ReadmeFixture, stepsIn } from "../../support/readme-fixture.js";
import { root, snippetsOf, textOf } from "../../unit/support/documents.js";

const page = await textOf("docs/tutorial.md");
const steps = stepsIn(page);

let fixture: ReadmeFixture | undefined;
afterEach(() => fixture?.close());

test("the tutorial leads from an empty folder to the reader's own model server behind a worker", async () => {
  expect(steps).toHaveLength(7);
  const [make, simulated, firstCall, model, own, secondCall, load] = steps.map(({ command }) => command);
  const [firstAnswer, secondAnswer] = steps.flatMap(({ output }) => (output === undefined ? [] : [output]));
  const here = await ReadmeFixture.create();
  fixture = here;
  const folder = join(here.folder, "my-worker");
  await here.run(
    `cd "${root(".")}"; export npm_config_offline=true npm_config_audit=false; ${make?.replaceAll("../my-worker", `"${folder}"`)}`,
  );

  // Both engines announce themselves in a folder of their own, so that commands find the one that is meant.
  const within = async (name: string): Promise<string> =>
    `cd my-worker; mkdir -p ${name}; export TMPDIR="$PWD/${name}" WORKER_PORT=${await freeNeighbours()};`;
  const first = await within("first");
  const simulation = here.start(`${first} exec ${simulated} --port 0 --model-port ${await freePort()}`);
  await eventually(() => expect(simulation()).toMatch(/worker +ready\b/), { timeoutMs: 90_000 });
  expect(await here.run(`${first} ${firstCall}`)).toMatch(patternOf(firstAnswer ?? ""));

  const port = String(await freePort());
  const [server = ""] = snippetsOf(page, "js");
  const [worker = ""] = snippetsOf(page, "ts");
  await writeFile(join(folder, "model.js"), server.replaceAll("9000", port));
  await writeFile(join(folder, "worker.ts"), worker.replaceAll("9000", port));
  const second = await within("second");
  here.start(`cd my-worker; exec ${model}`);
  const serving = here.start(`${second} exec ${own} --port 0`);
  await eventually(() => expect(serving()).toMatch(/worker +ready\b/), { timeoutMs: 90_000 });
  expect(await here.run(`${second} ${secondCall}`)).toMatch(patternOf(secondAnswer ?? ""));
  // The same with fewer requests: the flag that comes last counts.
  expect(await here.run(`${second} ${load} -n 10`)).toMatch(/complete {2}10 of 10/);
});
