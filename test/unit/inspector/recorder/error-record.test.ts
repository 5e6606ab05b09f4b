import { describe, expect, test } from "vitest";
import { errorOf, isErrorLine } from "../../../../src/inspector/recorder/error-record.js";
import { createLog } from "../../../../src/shared/log.js";

/** The records of a real log's lines. */
function received(write: (log: ReturnType<typeof createLog>) => void) {
  const errors: ReturnType<typeof errorOf>[] = [];
  const log = createLog("debug", ["the-master-token"], (line) =>
    errors.push(isErrorLine(line) ? errorOf(line) : undefined),
  );
  write(log);
  return errors;
}

describe("a line of the log", () => {
  test("is an error from warn on", () => {
    const errors = received((log) => {
      log.debug("no");
      log.info("no");
      log.warn({ fault: "x" }, "first");
      log.error("second");
      log.fatal("third");
    });
    expect(errors).toMatchObject([
      undefined,
      undefined,
      { kind: "error", level: "warn", message: "first: x", causes: [], details: { fault: "x" } },
      { level: "error", message: "second" },
      { level: "fatal", message: "third" },
    ]);
  });

  test("brings its error, and the causes of that, each with its stack", () => {
    const cause = new TypeError("of bytes", { cause: new Error("innermost") });
    const [error] = received((log) =>
      log.error({ err: new RangeError("too long", { cause }), id: "r" }, "failed"),
    );
    expect(error).toMatchObject({
      message: "failed",
      details: { id: "r" },
      causes: [
        { name: "RangeError", message: "too long", stack: expect.stringContaining("at ") },
        { name: "TypeError", message: "of bytes", stack: expect.stringContaining("at ") },
        { name: "Error", message: "innermost", stack: expect.stringContaining("at ") },
      ],
    });
  });

  test("is cut where it is long", () => {
    const text = "x".repeat(100_000);
    const [error] = received((log) => log.error({ err: new Error(text), fault: text }, "failed"));
    expect(JSON.stringify(error).length).toBeLessThan(12_000);
  });

  test("has in one line what happened, why, and to which actor", () => {
    const errors = received((log) => {
      log.error({ state: "errored", fault: "out of memory" }, "state");
      log.warn({ report: "status", fault: "refused" }, "report failed");
      log.warn({ session: "abc" }, "on_close_route failed");
      log.error({ line: "CUDA error" }, "model log");
    });
    expect(errors.map((error) => [error?.actor, error?.message])).toEqual([
      ["worker", "worker errored: out of memory"],
      ["reporter.status", "report failed: refused"],
      ["session.abc", "on_close_route failed"],
      ["model", "model log: CUDA error"],
    ]);
  });

  test("holds no secrets", () => {
    const [error] = received((log) =>
      log.error({ url: "http://a/?x=the-master-token", mtoken: "s" }, "failed"),
    );
    expect(JSON.stringify(error)).not.toMatch(/the-master-token|"s"/);
  });

  test.each(["", "{", '{"level":50,"msg":3}', '{"level":50', "Error: of some library", '{"level":50}'])(
    "that is none is passed over: %s",
    (line) => {
      expect(errorOf(line)).toBeUndefined();
    },
  );
});
