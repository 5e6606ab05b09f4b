import { describe, expect, test } from "vitest";
import { type Running, tsworker } from "../../support/command-line.js";
import { eventually } from "../../support/eventually.js";

const listening = (command: Running): Promise<string> =>
  eventually(() => /listening +(http:\S+)/.exec(command.stdout())?.[1] ?? false, { timeoutMs: 60_000 });

describe("a command whose reader has enough, such as `head`", () => {
  test("ends silently: a local engine, at the next line", async () => {
    const command = tsworker("engine", "--port", "0", "--endpoint", "e", "--api-key", "k");
    const url = await listening(command);
    await eventually(() => command.stdout().includes("start workers with"));
    command.closeStdout();
    // It may end before it has answered.
    const asked = fetch(`${url}/route/`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ endpoint: "e", api_key: "k", cost: 1 }),
    }).catch(() => {});
    expect(await command.exitCode).toBe(0);
    expect(command.stderr()).toBe("");
    await asked;
  });

  test("ends silently: a simulated model, at the next line", async () => {
    const command = tsworker("sim", "vllm", "--port", "0", "--load-seconds", "2");
    await listening(command);
    command.closeStdout();
    expect(await command.exitCode).toBe(0);
    expect(command.stderr()).toBe("");
  });

  test.each([["machines"], ["load", "--help"]])("ends silently: %s", async (...parameters) => {
    const command = tsworker(...parameters);
    command.closeStdout();
    expect(await command.exitCode).toBe(0);
    expect(command.stderr()).toBe("");
  });
});
