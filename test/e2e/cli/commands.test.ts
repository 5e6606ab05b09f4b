import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { VERSION } from "../../../src/shared/package-root.js";
import { tsworkerHere } from "../../support/command-here.js";
import { tsworker } from "../../support/command-line.js";
import { eventually } from "../../support/eventually.js";
import { startedEngine } from "../../support/started-engine.js";
import { workerStatus } from "../../support/worker-status.js";

// A process takes its time to start, most of all while others do.
const SLOW = { timeoutMs: 60_000 };

async function listening(command: ReturnType<typeof tsworker>): Promise<string> {
  return eventually(() => /listening +(http:\S+)/.exec(command.stdout())?.[1] ?? false, SLOW);
}

async function post(url: string, body: unknown): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { connection: "close", "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

describe("tsworker engine", () => {
  test("prints a line per event and ends cleanly on SIGTERM", async () => {
    const command = tsworker("engine", "--port", "0", "--endpoint", "e", "--api-key", "k");
    const url = await listening(command);
    await post(`${url}/route/`, { endpoint: "e", api_key: "k" });
    const mtoken = /MASTER_TOKEN=(\S+)/.exec(command.stdout())?.[1] ?? "";
    await post(`${url}/worker_status/`, workerStatus({ id: 7, mtoken, error_msg: "Traceback" }));
    command.signal("SIGTERM");
    expect(await command.exitCode).toBe(0);
    const lines = command.stdout().trimEnd().split("\n");
    expect(lines.map((line) => line.slice(10, 19).trim())).toEqual([
      "listening",
      "hint",
      "no worker",
      "report",
      "stopped",
    ]);
    expect(lines[3]).toContain("worker 7");
    expect(lines[3]).toContain("error: Traceback");
    expect(command.stderr()).toBe("");
  });

  test("does not print the token", async () => {
    const command = tsworker(
      "engine",
      "--port",
      "0",
      "--endpoint",
      "e",
      "--api-key",
      "k",
      "--token",
      "secret",
    );
    const url = await listening(command);
    await post(`${url}/worker_status/`, workerStatus({ mtoken: "secret" }));
    await post(`${url}/worker_status/`, workerStatus({ mtoken: "wrong" }));
    command.signal("SIGINT");
    expect(await command.exitCode).toBe(0);
    expect(command.stdout()).toContain("answered 401");
    expect(command.stdout()).not.toMatch(/secret|wrong/);
  });
});

test("tsworker sim loads, writes its log, answers, and ends cleanly on SIGINT", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tsworker-cli-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const log = join(folder, "model.log");
  const command = tsworker(
    "sim",
    "vllm",
    "--port",
    "0",
    "--log",
    log,
    "--load-seconds",
    "0",
    "--tokens-per-second",
    "9999",
  );
  const url = await listening(command);
  await eventually(async () => expect((await fetch(`${url}/health`)).status).toBe(200), SLOW);
  const answer = await post(`${url}/v1/completions`, { prompt: "x", max_tokens: 3 });
  expect(await answer.json()).toMatchObject({ usage: { completion_tokens: 3 } });
  command.signal("SIGINT");
  expect(await command.exitCode).toBe(0);
  expect(command.stdout()).toMatch(/stopped +by SIGINT {2}1 requests completed, 0 cancelled/);
  expect(await readFile(log, "utf8")).toContain("Application startup complete.");
});

describe("a mistake is one clear error and the exit code 1", () => {
  test("for a port that is taken", async () => {
    const { port } = new URL((await startedEngine()).url);
    const command = tsworker("engine", "--port", port, "--endpoint", "e", "--api-key", "k");
    expect(await command.exitCode).toBe(1);
    expect(command.stderr()).toContain(
      `error: cannot listen on 127.0.0.1:${port}: something else listens there`,
    );
    expect(command.stderr()).not.toContain("    at ");
  });

  test.each([
    ["an unknown option", ["sim", "vllm", "--nope"], "unknown option '--nope'"],
    ["a bad value", ["sim", "vllm", "--port", "70000"], "must be an integer from 0 to 65535"],
    ["a missing option", ["engine", "--endpoint", "e"], "required option '--api-key <key>' not specified"],
    ["an unknown command", ["nope"], "unknown command 'nope'"],
    ["a log that cannot be written", ["sim", "vllm", "--log", "/nowhere/x"], "cannot write the model's log"],
  ])("for %s", async (_, parameters, reason) => {
    const { exitCode, stderr } = await tsworkerHere(...parameters);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(reason);
    expect(stderr).not.toContain("    at ");
  });
});

test("tsworker --version prints the version", async () => {
  const command = tsworker("--version");
  expect(await command.exitCode).toBe(0);
  expect(command.stdout().trim()).toBe(VERSION);
});
