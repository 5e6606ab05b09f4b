import { describe, expect, test } from "vitest";
import { tsworker } from "../../support/command-line.js";
import { startFakeInspector } from "../../support/fake-inspector.js";
import { actorOf, errorOf, eventOf, helloOf, requestOf, tickOf } from "../../support/inspect-frames.js";
import { inspected, linesOf } from "../../support/inspected.js";

describe("a line of the log", () => {
  test("has the time, sender and receiver, the event, the change of state and the event's fields", async () => {
    const { inspector, url } = await startFakeInspector(
      helloOf({ actors: [actorOf({ ref: "x:0", id: "worker", kind: "worker", state: "loading" })] }),
    );
    const command = tsworker("inspect", url);
    await inspector.attached(1);
    inspector.send(
      tickOf([
        eventOf(1, {
          sender: "model",
          event: "model.loaded",
          payload: { type: "model.loaded", seconds: 3, name: "a b" },
          state: { ready: "idle" },
        }),
        eventOf(2, { state: { ready: "idle" }, event: "x", payload: { type: "x" } }),
      ]),
    );
    inspector.close(1001);
    expect(await command.exitCode).toBe(0);
    const [first, second] = linesOf(command.stdout());
    expect(first).toMatch(
      /^\d\d:\d\d:05\.679 {2}model +→ worker +model\.loaded +loading → ready\.idle {2}seconds=3 name="a b"$/,
    );
    expect(second).toMatch(/^\d\d:\d\d:05\.680 +worker +x +ready\.idle$/);
    expect(first?.indexOf("worker ")).toBe(second?.indexOf("worker "));
  });

  test("shows how a request ended and where its time went", async () => {
    const text = await inspected([
      requestOf(1),
      requestOf(2, { outcome: "cancelled", status: 499, startedAt: undefined, firstByteAt: undefined }),
    ]);
    expect(linesOf(text)).toEqual([
      expect.stringMatching(
        /\/v1\/completions +success +200 1\.50 s +check 2\.0 ms {2}wait 800 ms {2}first byte 100 ms {2}stream 598 ms {2}queue\.default/,
      ),
      expect.stringMatching(/cancelled 499 1\.50 s +check 2\.0 ms {2}wait 1\.50 s {2}queue\.default/),
    ]);
  });

  test("shows an error's message, and below it each cause with where it was thrown", async () => {
    const lines = linesOf(await inspected([errorOf(1)]));
    expect(lines[0]).toMatch(/model +error +the model's log says that it failed {2}line="CUDA error"$/);
    expect(lines[1]?.trim()).toBe("Error: out of memory  at load (model.js:1:2)");
  });

  test("cannot be made to move the cursor or to look like another one by what a client sent", async () => {
    const text = await inspected([
      errorOf(1, { message: "a\u001b[2Jb\nc\u009bd\r", causes: [], details: {} }),
    ]);
    expect(linesOf(text)).toHaveLength(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });
});
