import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadResultSchema } from "../../../src/load/load-result.js";
import { type Ended, tsworkerHere } from "../../support/command-here.js";
import { tsworker } from "../../support/command-line.js";
import { startedEngine } from "../../support/started-engine.js";
import { tinyWorker } from "../../support/tiny-worker.js";

const event = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`;
const PIECE = event({ choices: [{ text: " sea" }] });
const USAGE = event({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 9 } });

/** Runs a command to its end. */
type Start = (parameters: readonly string[]) => Promise<Ended>;

const here: Start = (parameters) => tsworkerHere(...parameters);

const asProcess: Start = async (parameters) => {
  const command = tsworker(...parameters);
  return { exitCode: await command.exitCode, stdout: command.stdout(), stderr: command.stderr() };
};

/** A load test of ten requests with a worker whose every answer is this stream. */
async function loadOf(stream: string, flags: readonly string[] = [], start = here) {
  const engine = await startedEngine();
  const worker = await tinyWorker((response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).end(stream);
  });
  await worker.announce(engine);
  const folder = await mkdtemp(join(tmpdir(), "tsworker-load-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const out = join(folder, "out.json");
  const parameters = [
    ...["load", "-n", "10", "--concurrency", "2", "--stream", "-e", "endpoint", "-k", "key"],
    ...["--engine-url", engine.url, "--json", out, ...flags],
  ];
  const ended = await start(parameters);
  const { totals } = loadResultSchema.parse(JSON.parse(await readFile(out, "utf8")));
  return { ...ended, totals };
}

test("a stream that reports its usage has the tokens of that usage", async () => {
  const { totals, stdout } = await loadOf(`${PIECE.repeat(3)}${USAGE}data: [DONE]\n\n`);
  expect(totals).toMatchObject({ succeeded: 10, tokens: 90, countedTokens: 0, events: 40 });
  expect(stdout).not.toContain("do not report their usage");
});

test("of a stream without usage the pieces of text are counted, and the report mentions it", async () => {
  const role = event({ choices: [{ text: "" }] });
  const { totals, stdout } = await loadOf(`${role}${PIECE.repeat(3)}data: [DONE]\n\n`);
  expect(totals).toMatchObject({ succeeded: 10, tokens: 30, countedTokens: 30 });
  expect(stdout).toContain("tokens were counted as the pieces of text in streams");
});

test("--fail-on ends with 3 and the reason, after the report", async () => {
  const { exitCode, stderr, stdout, totals } = await loadOf(
    `${PIECE}${event({ error: { message: "out of memory" } })}`,
    ["--fail-on", "errors>1%,not-sent>0"],
    asProcess,
  );
  expect(exitCode).toBe(3);
  expect(stderr).toContain("failed on errors>1%: errors is 100%\n");
  expect(stderr).not.toContain("not-sent>0");
  expect(stdout).toContain("complete  10 of 10 planned");
  expect(totals).toMatchObject({ succeeded: 0, failed: 10 });
  expect(totals.errors).toMatchObject([{ where: "worker", what: "error event", count: 10 }]);
});

test("--fail-on ends with 0 where no condition is met", async () => {
  const { exitCode, stderr } = await loadOf(PIECE, ["--fail-on", "errors>1%,p99>60s,tokens/s<0.001"]);
  expect(exitCode, stderr).toBe(0);
  expect(stderr).not.toContain("failed on");
});

test("a condition that cannot be read ends the command before anything is sent", async () => {
  const { exitCode, stderr } = await here(["load", "-n", "1", "-e", "x", "-k", "y", "--fail-on", "p99>2"]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('"p99>2": expected a time in ms or s, such as p99>2s');
});
