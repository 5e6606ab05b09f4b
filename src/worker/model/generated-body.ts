import { jsonText } from "../../shared/json-text.js";
import type { Payload } from "../../shared/wire.js";
import type { Handler } from "../config/config-schema.js";
import type { RequestBody } from "./call.js";
import { encodeMultipart, partsOfFields } from "./multipart.js";

/** The handler's functions that make a body. */
export type BodyGenerators = Pick<Handler, "generatePayloadJson" | "generatePayloadMultipart">;

/** A body for the model, and what it is. */
interface GeneratedBody {
  readonly body: RequestBody;
  readonly contentType: string;
}

/** User code that makes a body threw, or returned no object. */
export class GeneratorError extends Error {
  /** The option that threw. */
  readonly option: keyof BodyGenerators;

  constructor(option: keyof BodyGenerators, cause: unknown) {
    super(`${option} threw`, { cause });
    this.option = option;
  }
}

/** Whether the handler's own functions make the body that the model is sent. */
export const generatesBody = ({ generatePayloadJson, generatePayloadMultipart }: BodyGenerators): boolean =>
  generatePayloadJson !== undefined || generatePayloadMultipart !== undefined;

/**
 * The body that a handler's functions make from a payload.
 *
 * @throws GeneratorError with what they threw as its cause, and RangeError for a payload that is nested too deeply.
 */
export function generatedBody(
  { generatePayloadJson, generatePayloadMultipart }: BodyGenerators,
  payload: Payload,
): GeneratedBody {
  if (generatePayloadMultipart !== undefined) {
    const multipart = tried("generatePayloadMultipart", () => {
      const fields: unknown = generatePayloadMultipart(payload) ?? undefined;
      return fields === undefined ? undefined : encodeMultipart(partsOfFields(objectOf(fields)));
    });
    if (multipart !== undefined) return multipart;
  }
  const body = tried("generatePayloadJson", () =>
    Buffer.from(
      jsonText(generatePayloadJson === undefined ? payload : objectOf(generatePayloadJson(payload))),
    ),
  );
  return { body, contentType: "application/json" };
}

function tried<T>(option: keyof BodyGenerators, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw new GeneratorError(option, error);
  }
}

/** @throws TypeError for what is no object. */
function objectOf(value: unknown): Payload {
  if (value instanceof Promise) value.catch(() => {});
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (isObject && !(value instanceof Promise) && !(value instanceof Uint8Array)) return value as Payload;
  const got = value === null ? "null" : value instanceof Promise ? "a Promise" : typeof value;
  throw new TypeError(`expected it to return an object, got ${got}`);
}
