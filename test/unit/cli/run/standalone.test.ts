import { describe, expect, test } from "vitest";
import { makeStandalone } from "../../../../src/cli/run/standalone.js";

/** The variables after it, on top of those before. */
function standalone(worker: string, before: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const env = { ...before };
  makeStandalone(worker, env);
  return env;
}

describe("run --standalone", () => {
  test("is open on loopback without keys, before the model server's default port", () => {
    const open = { ACCESS_MODE: "open", WORKER_HOST: "127.0.0.1" };
    expect(standalone("vllm")).toEqual({ ...open, MODEL_PORT: "8000" });
    expect(standalone("./worker.ts")).toEqual(open);
  });

  test("takes API keys where there are any, on every address", () => {
    const keys = { API_KEYS: "alice:sk-alice-0001", MODEL_PORT: "9000" };
    expect(standalone("vllm", keys)).toEqual({ ...keys, ACCESS_MODE: "apiKey" });
    const file = { API_KEYS_FILE: "keys.json", WORKER_HOST: "0.0.0.0" };
    expect(standalone("./worker.ts", file)).toEqual({ ...file, ACCESS_MODE: "apiKey" });
  });

  test("takes precedence over ACCESS_MODE", () => {
    expect(standalone("./worker.ts", { ACCESS_MODE: "signature" })).toMatchObject({ ACCESS_MODE: "open" });
  });

  test("is refused beyond loopback without keys, unless ACCESS_ANYWHERE says so", () => {
    const everywhere = { WORKER_HOST: "0.0.0.0" };
    expect(() => standalone("vllm", everywhere)).toThrow("WORKER_HOST=0.0.0.0: expected API keys");
    const insisted = { ...everywhere, ACCESS_ANYWHERE: "true" };
    expect(standalone("./worker.ts", insisted)).toEqual({ ...insisted, ACCESS_MODE: "open" });
  });
});
