import { PayloadError } from "../../shared/errors.js";
import type { Payload } from "../../shared/wire.js";

/**
 * One reason for which a schema refuses a value.
 *
 * @example
 * ```ts
 * const issue: SchemaIssue = { message: "must be a string", path: ["messages", 0, "content"] };
 * ```
 */
export interface SchemaIssue {
  readonly message: string;
  /** Where in the value; absent or empty for the whole of it. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * Result of a validation: the output, or why there is none.
 *
 * @example
 * ```ts
 * const valid: SchemaResult<{ n: number }> = { value: { n: 1 } };
 * ```
 */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/**
 * A schema that implements Standard Schema (https://standardschema.dev, version 1), as those of zod, Valibot and ArkType do.
 *
 * @typeParam Output type of a valid value, after defaults and transformations.
 *
 * @example
 * ```ts
 * import { z } from "zod";
 *
 * const schema: PayloadSchema<{ prompt: string }> = z.object({ prompt: z.string() });
 * ```
 */
export interface PayloadSchema<Output> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** Schemas of ArkType are functions. */
export function isPayloadSchema(value: unknown): boolean {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const standard: unknown = Reflect.get(value, "~standard");
  return (
    typeof standard === "object" &&
    standard !== null &&
    Reflect.get(standard, "version") === 1 &&
    typeof Reflect.get(standard, "validate") === "function"
  );
}

/** Fields that a refusal names at most: a list in a payload may have a million elements. */
const MAX_FIELDS = 20;

/** Characters of a field's name and of its message at most: some libraries quote the value. */
const MAX_LENGTH = 200;

/** Name of the whole payload among its fields, as in the worker's other refusals. */
const WHOLE = "data";

/**
 * A `requestParser` that validates with a schema.
 *
 * @throws {PayloadError} from the parser, with the schema's messages by field; TypeError if the validation is
 *   asynchronous.
 */
export function parserOf<Output>(schema: PayloadSchema<Output>): (payload: Payload) => Output {
  const { "~standard": standard } = schema;
  return (payload) => {
    const result = standard.validate(payload);
    if (result instanceof Promise) {
      result.catch(() => {});
      throw new TypeError("payloadSchema: expected a schema that validates synchronously, got a promise");
    }
    if (result.issues === undefined) return result.value;
    throw new PayloadError(messagesByField(result.issues));
  };
}

function messagesByField(issues: readonly SchemaIssue[]): Readonly<Record<string, string>> {
  const fields = new Map<string, string>();
  for (const { message, path = [] } of issues) {
    const keys = path.map((segment) => (typeof segment === "object" ? segment.key : segment));
    const field = shortened(fieldPath(keys) || WHOLE);
    const earlier = fields.get(field);
    if (earlier === undefined && fields.size === MAX_FIELDS) break;
    fields.set(field, shortened(earlier === undefined ? message : `${earlier}; ${message}`));
  }
  return Object.fromEntries(fields);
}

const shortened = (text: string): string =>
  text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH - 1)}…` : text;

/** A path as text, such as `messages[0].role`; empty for the root. */
export const fieldPath = (keys: readonly PropertyKey[]): string =>
  keys.reduce<string>(
    (text, key) =>
      typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`,
    "",
  );
