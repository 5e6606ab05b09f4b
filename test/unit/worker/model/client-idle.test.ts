import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { plain, RawModel } from "../../../support/raw-model.js";
import { ask, LoneClient } from "./support/listener.js";

/** Milliseconds between two checks of the free connections. */
const LOOK_MS = 1000;

let model: RawModel;

// The client's own time is advanced by the test.
beforeEach(async () => {
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"],
  });
  // Its clock is at 0 only here; 0 is a connection that was never free.
  vi.advanceTimersByTime(1);
  model = await RawModel.start();
});

afterEach(async () => {
  vi.useRealTimers();
  await model.stop();
});

describe("free connections are closed after", () => {
  test.each([
    ["4 s", [], 4000],
    ["a second less than the model says, where that is sooner", ["keep-alive", "timeout=3"], 2000],
    ["4 s, where the model keeps it for longer", ["keep-alive", "timeout=75"], 4000],
  ])("%s", async (_, headers, ms) => {
    model.on("/", plain({ headers }));
    const client = new LoneClient(`http://127.0.0.1:${model.port}`);
    const threeAtOnce = async () => {
      await Promise.all([ask(client, "/"), ask(client, "/"), ask(client, "/")]);
      // A connection is free when the event loop has read it once more.
      for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    };
    const sockets = () => new Set(model.requests.map(({ socket }) => socket));
    await threeAtOnce();
    vi.advanceTimersByTime(ms - 1);
    await threeAtOnce();
    expect(sockets().size).toBe(3);
    vi.advanceTimersByTime(ms + LOOK_MS);
    await eventually(() => expect(model.connections).toBe(0));
    // And a new one is made when it is needed.
    await ask(client, "/");
    expect(sockets().size).toBe(4);
    expect(model.last.socket.destroyed).toBe(false);
    client.close();
  });
});
