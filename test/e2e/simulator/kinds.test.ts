import { describe, expect, onTestFinished, test } from "vitest";
import { simKind } from "../../../src/cli/sim/sim-kinds.js";
import { ModelSimulator } from "../../../src/simulator/model-simulator.js";
import type { SimulatorOptions } from "../../../src/simulator/simulator-options.js";
import { eventually } from "../../support/eventually.js";

/** A simulated server of a kind, and what its log has. */
async function started(name: string, options: SimulatorOptions = {}) {
  const kind = simKind(name);
  if (!kind) throw new Error(`expected a kind ${name}`);
  const log: string[] = [];
  const model = new ModelSimulator(await kind.model({}), {
    loadSeconds: 0.1,
    onLogLine: (line) => log.push(line),
    ...options,
  });
  onTestFinished(() => model.stop());
  return { kind, model, log, url: await model.start() };
}

const PYTHON = ["Traceback (most recent call last):"];

/** What workers look for in the log of each: when it has loaded, and when it has failed. */
const KINDS: readonly [string, string, readonly string[]][] = [
  ["vllm", "Application startup complete.", [...PYTHON, "RuntimeError: Engine"]],
  ["sglang", "The server is fired up and ready to roll!", PYTHON],
  ["llama-cpp", "model loaded", ["INFO exited: llama"]],
  ["tgi", '"message":"Connected","target":"text_generation_router::server"', ["Error: "]],
  ["hello-world", "infer server has started", ["Exception: corrupted model file"]],
];

describe.each(KINDS)("a simulated %s", (name, loaded, failed) => {
  test("is not healthy before it has loaded", async () => {
    const { url } = await started(name, { fail: "never-ready" });
    expect((await fetch(`${url}/health`)).status).toBe(503);
  });

  test("logs its download and then, when it has loaded, that line", async () => {
    const { model, log, url } = await started(name);
    await eventually(() => expect(model.state).toBe("ready"));
    const at = (part: string) => log.findIndex((line) => line.includes(part));
    expect(at('"message":"Download')).toBeGreaterThanOrEqual(0);
    expect(at(loaded)).toBeGreaterThan(at('"message":"Download'));
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });

  test("answers the request that is there to try, and its log has a line for it", async () => {
    const { kind, model, log, url } = await started(name, { loadSeconds: 0 });
    await eventually(() => expect(model.state).toBe("ready"));
    const { route, payload } = kind.sample;
    const answer = await fetch(`${url}${route}`, { method: "POST", body: JSON.stringify(payload) });
    expect(answer.status).toBe(200);
    expect(log.at(-1)).toContain(route);
    expect(model.stats).toMatchObject({ requests: 1, completed: 1 });
  });

  test("loads without the line of readiness, on demand", async () => {
    const { model, log } = await started(name, { fail: "no-ready-line" });
    await eventually(() => expect(model.state).toBe("ready"));
    expect(log.join("\n")).not.toContain(loaded);
  });

  test.each(["out-of-memory", "crash"] as const)(
    "logs what workers look for when it dies: %s",
    async (how) => {
      const { model, log } = await started(name, how === "crash" ? {} : { fail: how });
      if (how === "crash") {
        await eventually(() => expect(model.state).toBe("ready"));
        model.crash();
      }
      await eventually(() => expect(model.state).toBe("crashed"));
      const lines = log.join("\n");
      for (const line of failed) expect(lines).toContain(line);
    },
  );
});
