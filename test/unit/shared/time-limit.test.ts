import { createServer, request } from "node:http";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { close, httpUrl, listen } from "../../../src/shared/listen.js";
import { isTimeout, withTimeLimit } from "../../../src/shared/time-limit.js";
import { filesIn, textOf, withoutComments } from "../support/imports.js";

// Answers nothing.
const server = createServer(() => {});
let url = "";
beforeAll(async () => {
  url = httpUrl("127.0.0.1", await listen(server, "127.0.0.1", 0));
});
afterAll(() => {
  server.closeAllConnections();
  return close(server);
});

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");
const NEVER = new AbortController().signal;

const byFetch = (signal: AbortSignal): Promise<unknown> => fetch(url, { signal });
const byHttp = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve, reject) => {
    request(url, { signal, agent: false }, resolve).on("error", reject).end();
  });

test.each([
  ["fetch", byFetch],
  ["node:http", byHttp],
])(
  "a request by %s ends at its time limit, whatever was collected as garbage in between",
  async (_, send) => {
    const ended = Promise.allSettled(Array.from({ length: 20 }, () => withTimeLimit(200, NEVER, send)));
    for (let times = 0; times < 3; times += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      collectGarbage();
    }
    for (const result of await ended) {
      expect(result.status === "rejected" && isTimeout(result.reason)).toBe(true);
    }
  },
);

test("the signal aborts with that of the caller, and for its reason", async () => {
  const caller = new AbortController();
  const ended = withTimeLimit(60_000, caller.signal, byFetch);
  caller.abort(new Error("no longer required"));
  await expect(ended).rejects.toThrow("no longer required");
  await expect(withTimeLimit(60_000, caller.signal, byFetch)).rejects.toThrow("no longer required");
});

test("many at once that follow the same signal are no leak to warn about", async () => {
  const { signal } = new AbortController();
  const warnings: string[] = [];
  const onWarning = ({ message }: Error): void => void warnings.push(message);
  process.on("warning", onWarning);
  await Promise.allSettled(Array.from({ length: 30 }, () => withTimeLimit(50, signal, byFetch)));
  process.off("warning", onWarning);
  expect(warnings.filter((message) => message.includes("AbortSignal"))).toEqual([]);
});

test("what ends in time is returned, and what it throws is thrown", async () => {
  expect(await withTimeLimit(60_000, NEVER, async () => 7)).toBe(7);
  const failing = withTimeLimit(60_000, NEVER, async () => Promise.reject(new RangeError("no")));
  await expect(failing).rejects.toThrow(RangeError);
});

test("other errors are no time-outs", () => {
  expect(isTimeout(new Error("TimeoutError"))).toBe(false);
  expect(isTimeout(new DOMException("left", "AbortError"))).toBe(false);
  expect(isTimeout(undefined)).toBe(false);
});

test("no code combines a time-out with another signal, which Node.js 20 loses", () => {
  const combined = /AbortSignal\.any\([^)]*AbortSignal\.timeout/;
  const files = [...filesIn("src"), ...filesIn("examples")];
  expect(files.filter((file) => combined.test(withoutComments(textOf(file))))).toEqual([]);
});
