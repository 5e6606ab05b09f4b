import { expect, test } from "vitest";
import { headersFor, parentOf } from "../../../../src/worker/tracing/trace-context.js";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

const read = (traceparent: string, tracestate = "") =>
  parentOf({ header: (name) => ({ traceparent, tracestate })[name] ?? "" });

test("a traceparent is read and written", () => {
  const context = read(`00-${TRACE}-${SPAN}-01`, "a=1,b=2");
  expect(context).toEqual({ traceId: TRACE, spanId: SPAN, isSampled: true, state: "a=1,b=2" });
  if (context !== undefined)
    expect(headersFor(context)).toEqual({ traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: "a=1,b=2" });
});

test.each([
  ["of a later version with more fields", `01-${TRACE}-${SPAN}-03-more`, true],
  ["without the flag of recording", `00-${TRACE}-${SPAN}-02`, false],
])("a traceparent %s counts", (_title, text, isSampled) => {
  expect(read(text)).toMatchObject({ traceId: TRACE, isSampled });
});

test.each([
  "",
  "x",
  `ff-${TRACE}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-01-more`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${"0".repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${"0".repeat(16)}-01`,
  `00-${TRACE.slice(1)}-${SPAN}-01`,
])("%j is no traceparent", (text) => {
  expect(read(text)).toBeUndefined();
});

test("a tracestate that is too long or not visible does not go on", () => {
  expect(read(`00-${TRACE}-${SPAN}-01`, "a".repeat(513))?.state).toBe("");
  expect(read(`00-${TRACE}-${SPAN}-01`, "a=\u00e9")?.state).toBe("");
});
