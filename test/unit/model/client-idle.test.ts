import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ModelClient } from "../../../src/model/client.js";
import { eventually } from "../../support/eventually.js";
import { plain, RawModel } from "../../support/raw-model.js";
import { ask, NO_LIMITS } from "./support/listener.js";

/** Milliseconds until the model saw that the connections of these were closed. */
const CASES = [
  ["4 s", [], 4000, 6000],
  ["a second less than the model says, where that is sooner", ["keep-alive", "timeout=3"], 2000, 4000],
  ["4 s, where the model keeps it for longer", ["keep-alive", "timeout=75"], 4000, 6000],
] as const;

let model: RawModel;

beforeAll(async () => {
  model = await RawModel.start();
});

afterAll(() => model.stop());

describe.concurrent("free connections are closed after", () => {
  test.each(CASES)("%s", async (name, headers, least, most) => {
    const path = `/${name.length}-${least}`;
    model.on(path, plain({ headers }));
    const client = new ModelClient(`http://127.0.0.1:${model.port}`, NO_LIMITS);
    await Promise.all([ask(client, path), ask(client, path), ask(client, path)]);
    const start = performance.now();
    const sockets = model.requests.filter((request) => request.path === path).map(({ socket }) => socket);
    expect(new Set(sockets).size).toBe(3);
    await eventually(() => sockets.some(({ destroyed }) => destroyed), { timeoutMs: 8000 });
    expect(performance.now() - start).toBeGreaterThan(least - 100);
    await eventually(() => sockets.every(({ destroyed }) => destroyed), { timeoutMs: 8000 });
    expect(performance.now() - start).toBeLessThan(most);
    // And a new one is made when it is needed.
    await ask(client, path);
    expect(model.requests.filter((request) => request.path === path).at(-1)?.socket.destroyed).toBe(false);
    client.close();
  });
});
