import { afterEach, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { freePort } from "../../support/free-port.js";
import { patternOf, ReadmeFixture, stepsIn } from "../../support/readme-fixture.js";
import { textOf } from "../../unit/support/documents.js";

const [first, ...others] = stepsIn(await textOf("docs/simulators.md"));

let fixture: ReadmeFixture | undefined;
afterEach(() => fixture?.close());

test("what docs/simulators.md starts first answers the requests of the page, and has a worker in front of it", async () => {
  fixture = await ReadmeFixture.create();
  const port = await freePort();
  const server = fixture.start(`${first?.command} --port ${port}`);
  await eventually(() => expect(server()).toMatch(patternOf(first?.output ?? "")));
  const [curl = "", worker = ""] = others.map(({ command }) => command.replaceAll("18000", String(port)));
  expect(await fixture.run(curl)).toMatch(/^data: \{.*\[DONE\]\s*$/s);
  const ports = `WORKER_PORT=${await freePort()} WORKER_HTTP_PORT=${await freePort()}`;
  const output = fixture.start(`${ports} ${worker} --port 0`);
  await eventually(() => expect(output()).toMatch(/worker +ready\b/), { timeoutMs: 60_000 });
  expect(server()).toContain("POST /v1/completions");
});

/** A line in the log of each other command, by a piece of the command. */
const SAYS: readonly (readonly [string, RegExp])[] = [
  ["sim tgi --fail out-of-memory", /ShardCannotStart.*"message":"Connected"/s],
  ["sim vllm --fail crash-in-answer", /Application startup complete/],
  ["sim llama-cpp --max-concurrency", /all slots are idle/],
  ["sim vllm --serves", /Application startup complete/],
  ["sim llama-cpp --context-length", /n_slots = 4\b.*n_ctx = 1024\b/s],
  ["--load-error provisioning", /Provisioning Script failed/],
  ["sim training", /Model Server Running/],
];

test.each(others.slice(2))("docs/simulators.md: $command", async ({ command }) => {
  fixture = await ReadmeFixture.create();
  const [, says] = SAYS.find(([piece]) => command.includes(piece)) ?? [];
  const output = fixture.start(`${command} --port ${await freePort()} --load-seconds 0.1`);
  await eventually(() => expect(output()).toMatch(says ?? /no sample on the page/));
});
