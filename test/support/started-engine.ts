import { onTestFinished } from "vitest";
import { Engine, type EngineOptions } from "../../src/engine/index.js";
import { ENGINE_KEY } from "./engine-key.js";
import { freePort } from "./free-port.js";

/** An engine that listens, for the endpoint `endpoint` with the key `key`, and stops when the test is over. */
export async function startedEngine(options: Partial<EngineOptions> = {}): Promise<Engine> {
  const engine = new Engine({
    endpoint: "endpoint",
    apiKey: "key",
    privateKey: ENGINE_KEY,
    // A port that nothing else is given while an outage has left it.
    port: await freePort(),
    ...options,
  });
  onTestFinished(() => engine.stop());
  await engine.start();
  return engine;
}

/** POSTs JSON to a path of an engine, with a connection of its own so that no outage meets an old one. */
export async function post(engine: Engine, path: string, body: unknown): Promise<Response> {
  return fetch(`${engine.url}${path}`, {
    method: "POST",
    headers: { connection: "close", "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

/** The engine's answer to a POST, parsed, with the type that the test gives. */
export async function ask<T>(engine: Engine, path: string, body: unknown): Promise<T> {
  const response = await post(engine, path, body);
  return (await response.json()) as T;
}
