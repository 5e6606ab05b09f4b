import { describe, expect, test } from "vitest";
import { z } from "zod";
import { PayloadError } from "../../../../src/shared/errors.js";
import type { HandlerConfig } from "../../../../src/worker/config/handler-config.js";
import {
  type PayloadSchema,
  parserOf,
  type SchemaResult,
} from "../../../../src/worker/config/payload-schema.js";
import { BENCHMARK, checkedHandlers, errorsOf, workerConfig } from "../../support/config.js";

/** A schema of no library. */
const schemaOf = (
  validate: (value: unknown) => SchemaResult<object> | Promise<SchemaResult<object>>,
): PayloadSchema<object> => ({ "~standard": { version: 1, vendor: "test", validate } });

const chat = z.object({
  messages: z.array(z.object({ role: z.enum(["user", "assistant"]), content: z.string().min(1) })).min(1),
  max_tokens: z.int().min(1).default(16),
});

/** Messages by field with which a schema refuses a payload. */
function refusal(schema: PayloadSchema<object>, payload: Record<string, unknown>) {
  try {
    parserOf(schema)(payload);
  } catch (error) {
    if (error instanceof PayloadError) return error.fields;
    throw error;
  }
  return undefined;
}

test("a valid payload becomes the schema's output, with defaults and without unknown fields", () => {
  const messages = [{ role: "user", content: "hello" }];
  expect(parserOf(chat)({ messages, other: 1 })).toEqual({ messages, max_tokens: 16 });
});

describe("an invalid payload is refused with messages", () => {
  test("by field, of all fields at once", () => {
    const fields = refusal(chat, {
      messages: [{ role: "user", content: "" }, { role: "cat" }],
      max_tokens: "5",
    });
    expect(Object.keys(fields ?? {}).toSorted()).toEqual([
      "max_tokens",
      "messages[0].content",
      "messages[1].content",
      "messages[1].role",
    ]);
    expect(fields?.max_tokens).toMatch(/expected int|expected number/);
  });

  test("of the whole payload under the name data", () => {
    expect(refusal(z.strictObject({ a: z.int() }), { a: 1, b: 2 })).toEqual({
      data: 'Unrecognized key: "b"',
    });
  });

  test("that are joined where one field has several", () => {
    const issues = ["too short", "no capital"].map((message) => ({ message, path: [{ key: "name" }] }));
    expect(
      refusal(
        schemaOf(() => ({ issues })),
        {},
      ),
    ).toEqual({ name: "too short; no capital" });
  });

  test("of at most 20 fields, each of at most 200 characters", () => {
    const issues = Array.from({ length: 1000 }, (_, n) => ({ message: "x".repeat(1000), path: ["a", n] }));
    const fields = Object.entries(
      refusal(
        schemaOf(() => ({ issues })),
        {},
      ) ?? {},
    );
    expect(fields.map(([field]) => field)).toEqual(Array.from({ length: 20 }, (_, n) => `a[${n}]`));
    for (const [, message] of fields) expect(message).toMatch(/^x{199}…$/);
  });
});

test("a schema that validates asynchronously is an error that names the option", () => {
  const schema = chat.refine(async () => true);
  const parse = parserOf(schema);
  const messages = [{ role: "user", content: "hello" }];
  expect(() => parse({ messages })).toThrow(
    "payloadSchema: expected a schema that validates synchronously, got a promise",
  );
  // A rejection of it is no unhandled one.
  expect(() => parserOf(schemaOf(() => Promise.reject(new Error("no"))))({})).toThrow("payloadSchema");
});

describe("in the configuration", () => {
  const benchmarkConfig = BENCHMARK;

  test("a schema makes the handler's parser; without one there is none", () => {
    const [parsed, raw] = checkedHandlers(
      { route: "/parsed", benchmarkConfig, payloadSchema: chat },
      { route: "/raw", payloadSchema: undefined },
    ).handlers;
    expect(() => parsed?.requestParser?.({})).toThrow(PayloadError);
    expect(raw?.requestParser).toBeUndefined();
  });

  test("a function with the interface, as those of ArkType, is a schema", () => {
    const payloadSchema = Object.assign(
      () => {},
      schemaOf(() => ({ value: { a: 1 } })),
    );
    const [handler] = checkedHandlers({ route: "/go", benchmarkConfig, payloadSchema }).handlers;
    expect(handler?.requestParser?.({})).toEqual({ a: 1 });
  });

  const faults = (parts: object): readonly string[] =>
    errorsOf(workerConfig({ handlers: [{ route: "/go", benchmarkConfig, ...parts } as HandlerConfig] }));

  test.each([
    ["a JSON schema", { type: "object" }],
    ["a function", () => ({})],
    ["of another version", { "~standard": { version: 2, vendor: "x", validate: () => ({ value: {} }) } }],
    ["without validate", { "~standard": { version: 1, vendor: "x" } }],
    ["null", null],
  ])("anything else is an error: %s", (_, payloadSchema) => {
    const [fault, ...others] = faults({ payloadSchema });
    expect(fault).toContain("handlers[0].payloadSchema: expected a schema that implements Standard Schema");
    expect(others).toEqual([]);
  });

  test("a schema beside a parser is an error", () => {
    expect(faults({ payloadSchema: chat, requestParser: () => ({}) })).toEqual([
      expect.stringContaining(
        "handlers[0].requestParser: expected none beside payloadSchema, which parses the payload",
      ),
    ]);
  });
});
