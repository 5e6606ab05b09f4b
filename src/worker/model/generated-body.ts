import { jsonText } from "../../shared/json-text.js";
import type { Payload } from "../../shared/wire.js";
import type { Handler } from "../config/config-schema.js";
import type { MultipartFile } from "../config/handler-config.js";
import type { RequestBody } from "./call.js";
import {
  encodeMultipart,
  escapeName,
  type MultipartPart,
  mediaTypeOf,
  partOf,
  textOf,
} from "./multipart-encoding.js";

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
    const option = "generatePayloadMultipart";
    const fields = tried(option, () => generatePayloadMultipart(payload) ?? undefined);
    if (fields !== undefined) return written(option, () => encodeMultipart(partsOfFields(objectOf(fields))));
  }
  const option = "generatePayloadJson";
  const json = tried(option, () =>
    generatePayloadJson === undefined ? payload : generatePayloadJson(payload),
  );
  const body = written(option, () => Buffer.from(jsonText(objectOf(json))));
  return { body, contentType: "application/json" };
}

function tried<T>(option: keyof BodyGenerators, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new GeneratorError(option, error);
  }
}

/** A RangeError of writing is about the client's payload, any other error about what the function returned. */
function written<T>(option: keyof BodyGenerators, write: () => T): T {
  try {
    return write();
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

/** A file that user code has made. @throws TypeError for bytes in another form, which would be sent as text. */
function fileIn(field: string, value: unknown): MultipartFile | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { filename, content } = value as Partial<MultipartFile>;
  if (typeof filename === "string" && content instanceof Uint8Array) return value as MultipartFile;
  const isNearly = (filename !== undefined && content !== undefined) || content instanceof Uint8Array;
  if (!isNearly && !(value instanceof Uint8Array) && !(value instanceof Blob)) return undefined;
  const got = isNearly ? "another filename or content" : `a ${value.constructor.name}`;
  throw new TypeError(`${field}: expected a file as { filename, content } with a Uint8Array, got ${got}`);
}

/** The parts of a form whose fields user code has made. @throws TypeError for a file in another form, or with an impossible type. */
function partsOfFields(fields: Payload): readonly MultipartPart[] {
  const parts: MultipartPart[] = [];
  for (const [field, value] of Object.entries(fields)) {
    const disposition = `Content-Disposition: form-data; name="${escapeName(field)}"`;
    for (const item of Array.isArray(value) ? (value as readonly unknown[]) : [value]) {
      const file = fileIn(field, item);
      if (file !== undefined) {
        const { content } = file;
        parts.push(
          partOf(`${disposition}; ${fileHead(field, file)}`, {
            content,
            encoding: "base64",
            length: content.length,
          }),
        );
        continue;
      }
      const text = textOf(item);
      if (text !== undefined)
        parts.push(partOf(disposition, { content: text, encoding: "utf8", length: Buffer.byteLength(text) }));
    }
  }
  return parts;
}

function fileHead(field: string, { filename, contentType }: MultipartFile): string {
  const type = contentType ?? mediaTypeOf(filename);
  if (typeof type !== "string" || !/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(type))
    throw new TypeError(`${field}: expected a contentType such as "audio/wav", got ${JSON.stringify(type)}`);
  return `filename="${escapeName(filename)}"\r\nContent-Type: ${type}`;
}
