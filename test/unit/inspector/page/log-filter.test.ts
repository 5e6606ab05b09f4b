import { describe, expect, test } from "vitest";
import type { Entry } from "../../../../src/inspector/page/history.js";
import { compileFilter, type LogFilter } from "../../../../src/inspector/page/log-filter.js";
import type { InspectRecord } from "../../../../src/inspector/recorder/frames.js";
import { BEGAN, errorRecord, eventRecord } from "../../support/frames.js";

const RECORDS: readonly InspectRecord[] = [
  eventRecord(1, { event: "model.loaded", sender: "model", payload: { type: "model.loaded" } }),
  eventRecord(2, { event: "model.failed", sender: "model", payload: { message: "Out of Memory" } }),
  eventRecord(3, { ref: "queue.default", event: "request.arrived", sender: "edge", payload: { id: "r1" } }),
  eventRecord(4, { ref: "key", event: "xstate.error.actor.fetch", payload: {}, status: "active" }),
  errorRecord(5, { message: "no memory", actor: "model" }),
];

function shown(filter: Partial<LogFilter>, records = RECORDS): readonly number[] {
  const compiled = compileFilter({ actor: undefined, type: "", text: "", errorsOnly: false, ...filter });
  if (!compiled.ok) throw new Error(compiled.message);
  const entries = records.map(
    (record): Entry => ({ kind: "record", n: record.n, at: record.at, record, before: undefined }),
  );
  return entries.filter(compiled.test).map(({ n }) => n);
}

const gap = (counts: Readonly<Record<string, number>>): Entry => ({ kind: "gap", n: 1, at: BEGAN, counts });

test("without a filter everything is shown", () => {
  expect(shown({})).toEqual([1, 2, 3, 4, 5]);
});

describe("by event", () => {
  test("a part of the name, capital or not", () => {
    expect(shown({ type: "MODEL" })).toEqual([1, 2]);
  });

  test("a pattern between slashes", () => {
    expect(shown({ type: "/^model\\.(loaded|failed)$|arrived/" })).toEqual([1, 2, 3]);
    expect(shown({ type: "/^MODEL/" })).toEqual([]);
    expect(shown({ type: "/^MODEL/i" })).toEqual([1, 2]);
  });

  test("an invalid pattern is reported", () => {
    expect(compileFilter({ actor: undefined, type: "/(/", text: "", errorsOnly: false })).toMatchObject({
      ok: false,
    });
  });
});

test("by text, anywhere in the payload, capital or not", () => {
  expect(shown({ text: "memory" })).toEqual([2, 5]);
});

test("by actor: what it took, what it sent, and what went wrong in it", () => {
  expect(shown({ actor: { ref: "7", id: "model" } })).toEqual([1, 2, 5]);
  expect(shown({ actor: { ref: "queue.default", id: "queue.default" } })).toEqual([3]);
});

test("errors only", () => {
  expect(shown({ errorsOnly: true })).toEqual([4, 5]);
});

test("all conditions hold at once", () => {
  expect(shown({ type: "model", text: "memory", actor: { ref: "worker", id: "worker" } })).toEqual([2]);
});

test("a place where records are missing is shown to every filter that may miss them", () => {
  const test = (filter: Partial<LogFilter>, counts: Readonly<Record<string, number>>): boolean => {
    const compiled = compileFilter({ actor: undefined, type: "x", text: "y", errorsOnly: false, ...filter });
    return compiled.ok && compiled.test(gap(counts));
  };
  expect(test({}, { a: 1 })).toBe(true);
  expect(test({ actor: { ref: "a", id: "a" } }, { a: 1 })).toBe(true);
  expect(test({ actor: { ref: "b", id: "b" } }, { a: 1 })).toBe(false);
  expect(test({ actor: { ref: "b", id: "b" } }, { "": 1 })).toBe(true);
});
