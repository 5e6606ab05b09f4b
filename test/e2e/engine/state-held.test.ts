import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Engine } from "../../../src/engine/index.js";
import { tsworker } from "../../support/command-line.js";
import { eventually } from "../../support/eventually.js";
import { freePort } from "../../support/free-port.js";
import { SLOW, temporaryFolder } from "../../support/process-engine.js";

const OWN = ["--endpoint", "endpoint", "--api-key", "key"];

test("two engines do not write one state, and a later one continues when the first has ended", async () => {
  const state = join(await temporaryFolder(), "state.json");
  const start = () => tsworker("engine", ...OWN, "--port", "0", "--state", state);
  const first = start();
  await eventually(() => first.stdout().includes("listening"), SLOW);
  const second = start();
  expect(await second.exitCode).toBe(1);
  expect(second.stderr()).toMatch(/is held by another engine, process \d+: end it, or name another file/);
  first.signal("SIGTERM");
  expect(await first.exitCode).toBe(0);
  const third = start();
  await eventually(() => third.stdout().includes("listening"), SLOW);
});

test("an engine that was killed holds its state no longer", async () => {
  const state = join(await temporaryFolder(), "state.json");
  const first = tsworker("engine", ...OWN, "--port", "0", "--state", state);
  await eventually(() => first.stdout().includes("listening"), SLOW);
  first.signal("SIGKILL");
  await first.exitCode;
  const engine = new Engine({ endpoint: "endpoint", apiKey: "key", state });
  onTestFinished(() => engine.stop());
  await engine.start();
});

test("parameters that do not go with those of the state end the start, and nothing listens", async () => {
  const state = join(await temporaryFolder(), "state.json");
  const port = await freePort();
  const engine = (scaling: object) =>
    new Engine({ endpoint: "endpoint", apiKey: "key", state, port, scaling });
  const first = engine({ max_queue_time: 15 });
  await first.start();
  await first.stop();
  const second = engine({ target_queue_time: 20 });
  await expect(second.start()).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("target_queue_time: expected at most max_queue_time"),
  });
  await expect(fetch(`http://127.0.0.1:${port}/pubkey/`)).rejects.toThrow("fetch failed");
  const third = engine({ max_queue_time: 5 });
  onTestFinished(() => third.stop());
  await third.start();
});

test("a key in it that is none is damage", async () => {
  const state = join(await temporaryFolder(), "state.json");
  const first = new Engine({ endpoint: "endpoint", apiKey: "key", state });
  await first.start();
  await first.stop();
  const held = JSON.parse(await readFile(state, "utf8"));
  await writeFile(state, JSON.stringify({ ...held, privateKey: "nonsense" }));
  const second = new Engine({ endpoint: "endpoint", apiKey: "key", state });
  onTestFinished(() => second.stop());
  const notices: string[] = [];
  second.on("notice", (notice) => notices.push(notice));
  await second.start();
  await eventually(() =>
    expect(notices).toEqual([expect.stringContaining("privateKey: expected an RSA private key")]),
  );
});
