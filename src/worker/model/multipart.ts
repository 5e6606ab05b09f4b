import { PayloadError } from "../../shared/errors.js";
import { whyUnwritable } from "../../shared/json-text.js";
import type { Payload } from "../../shared/wire.js";
import type { Handler } from "../config/config-schema.js";
import type { FileFieldConfig } from "../config/handler-config.js";
import {
  encodeMultipart,
  escapeName,
  extensionOf,
  type MultipartBody,
  type MultipartPart,
  mediaTypeOf,
  partOf,
  textOf,
} from "./multipart-encoding.js";

type Multipart = NonNullable<Handler["multipart"]>;

/**
 * Text parts of a request, and bytes of a part's name: each part costs a head, so that a list of digits would grow a
 * hundredfold otherwise. Common form parsers take no more parts either.
 */
const MAX_TEXT_PARTS = 1000;
const MAX_NAME_BYTES = 256;

const MAX_FILENAME_BYTES = 255;
/**
 * Control characters, line and paragraph separators, lone surrogates, path separators and quotes, and percent escapes of
 * them, which form parsers turn back.
 */
const UNSAFE_IN_FILENAME = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}/\\"'`]|%[\da-f]{2}/iu;

/** Also of the alphabet for URLs: no text has two readings. */
const NOT_BASE64 = /[^\w+/-]/;
const DATA_URL_HEAD = /^data:[^,]*;base64,/i;
/** Characters in which the head of a data URL has to end. */
const MAX_DATA_URL_HEAD = 256;

/** The name of a list's parts. */
const listName = (field: string): string => (field.endsWith("[]") ? field : `${field}[]`);

/** A file's content before it is decoded; `length` is that of its bytes. */
type FileContent = Pick<MultipartPart, "content" | "encoding" | "length">;

/** @returns undefined for a value that is no file. Only lengths are checked: the text may still be no base64. */
function fileContent(value: unknown): FileContent | undefined {
  if (value instanceof Uint8Array) return { content: value, encoding: "base64", length: value.length };
  if (typeof value !== "string") return undefined;
  const head = DATA_URL_HEAD.exec(value.slice(0, MAX_DATA_URL_HEAD));
  const text = head === null ? value : value.slice(head[0].length);
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const digits = padding === 0 ? text : text.slice(0, -padding);
  if (digits.length % 4 === 1 || (padding > 0 && text.length % 4 !== 0)) return undefined;
  return { content: digits, encoding: "base64", length: Math.floor((digits.length * 3) / 4) };
}

/** Why a file may not have that name; undefined when it may. */
function filenameFault(filename: unknown, extensions: readonly string[]): string | undefined {
  if (typeof filename !== "string") return "must be a string";
  if (UNSAFE_IN_FILENAME.test(filename) || filename.startsWith("."))
    return "must be a plain file name, without a path, quotes, escapes or control characters";
  const bytes = Buffer.byteLength(filename);
  if (bytes > MAX_FILENAME_BYTES) return `must be at most ${MAX_FILENAME_BYTES} bytes, got ${bytes}`;
  if (!filename.includes(".") || !extensions.includes(extensionOf(filename)))
    return `must end in ${extensions.map((extension) => `.${extension}`).join(", ")}`;
  return undefined;
}

const isScalar = (value: unknown): boolean => typeof value !== "object" || value === null;

/** Collects the parts of one request, and what is wrong with them. */
class Form {
  readonly parts: MultipartPart[] = [];
  readonly faults: Record<string, string> = {};
  readonly #config: Multipart;
  readonly #payload: Payload;
  #files = 0;
  #fileBytes = 0;
  #textParts = 0;
  /** The fields in which the sums went beyond their limits. */
  #fieldOfTooMany: string | undefined;
  #fieldOfTooLarge: string | undefined;

  constructor(payload: Payload, config: Multipart) {
    this.#payload = payload;
    this.#config = config;
  }

  addFiles(field: string, value: unknown, config: FileFieldConfig): void {
    const { maxFileBytes, maxFiles, maxTotalBytes } = this.#config;
    const isList = Array.isArray(value);
    const values: readonly unknown[] = isList ? value : [value];
    if (values.length === 0) return;
    this.#files += values.length;
    if (this.#files > maxFiles) {
      this.#fieldOfTooMany ??= field;
      return;
    }
    const filename = this.#filenameOf(config);
    const type = mediaTypeOf(filename);
    const name = escapeName(isList ? (config.listName ?? listName(field)) : field);
    const head = `Content-Disposition: form-data; name="${name}"; filename="${escapeName(filename)}"\r\nContent-Type: ${type}`;
    for (const [index, each] of values.entries()) {
      const which = isList ? `[${index}] ` : "";
      const file = fileContent(each);
      if (file === undefined) {
        this.#fault(field, `${which}must be base64 text, a base64 data: URL or bytes`);
        continue;
      }
      this.#fileBytes += file.length;
      if (this.#fileBytes > maxTotalBytes) this.#fieldOfTooLarge ??= field;
      if (file.length > maxFileBytes)
        this.#fault(field, `${which}must be at most ${maxFileBytes} bytes, got ${file.length}`);
      else if (typeof file.content === "string" && NOT_BASE64.test(file.content))
        this.#fault(field, `${which}must be base64 text, a base64 data: URL or bytes`);
      else this.#add(head, file);
    }
  }

  addText(field: string, value: unknown): void {
    try {
      if (!Array.isArray(value) || !value.every(isScalar)) this.#addText(field, textOf(value));
      else for (const item of value) this.#addText(listName(field), textOf(item));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#fault(field, whyUnwritable(error));
    }
  }

  /** @throws PayloadError when something was wrong. */
  finish(): readonly MultipartPart[] {
    const { maxFiles, maxTotalBytes } = this.#config;
    if (this.#fieldOfTooMany !== undefined)
      this.#fault(this.#fieldOfTooMany, `must be at most ${maxFiles} files in all, got ${this.#files}`);
    if (this.#fieldOfTooLarge !== undefined)
      this.#fault(
        this.#fieldOfTooLarge,
        `must be at most ${maxTotalBytes} bytes in all files, got ${this.#fileBytes}`,
      );
    if (this.#textParts > MAX_TEXT_PARTS)
      this.#fault("data", `must be at most ${MAX_TEXT_PARTS} fields and list items, got ${this.#textParts}`);
    if (Object.keys(this.faults).length > 0) throw new PayloadError(this.faults);
    return this.parts;
  }

  #filenameOf({ filenameField, defaultFilename, extensions }: FileFieldConfig): string {
    const given = filenameField === undefined ? undefined : this.#payload[filenameField];
    if (filenameField === undefined || given === undefined || given === null) return defaultFilename;
    const fault = filenameFault(given, extensions);
    if (fault !== undefined) this.#fault(filenameField, fault);
    return typeof given === "string" ? given : defaultFilename;
  }

  #addText(field: string, text: string | undefined): void {
    if (text === undefined) return;
    this.#textParts++;
    // Counted to the end, but not kept.
    if (this.#textParts > MAX_TEXT_PARTS) return;
    const name = field.length <= MAX_NAME_BYTES ? escapeName(field) : undefined;
    if (name === undefined || Buffer.byteLength(name) > MAX_NAME_BYTES) {
      this.#fault("data", `field names must be at most ${MAX_NAME_BYTES} bytes`);
      return;
    }
    this.#add(`Content-Disposition: form-data; name="${name}"`, {
      content: text,
      encoding: "utf8",
      length: Buffer.byteLength(text),
    });
  }

  #add(head: string, file: FileContent): void {
    this.parts.push(partOf(head, file));
  }

  /** The first error of a field counts. */
  #fault(field: string, fault: string): void {
    this.faults[field] ??= fault;
  }
}

/**
 * Checks a payload and takes it apart; nothing is decoded yet, so that a file over a limit costs nothing.
 *
 * @throws PayloadError with all that is wrong.
 */
export function multipartParts(payload: Payload, config: Multipart): readonly MultipartPart[] {
  const form = new Form(payload, config);
  const files = new Map(Object.entries(config.files));
  const filenameFields = new Set([...files.values()].map(({ filenameField }) => filenameField));
  for (const [field, value] of Object.entries(payload)) {
    const file = files.get(field);
    if (file !== undefined) {
      if (value !== null && value !== undefined) form.addFiles(field, value, file);
    } else if (!filenameFields.has(field)) form.addText(field, value);
  }
  return form.finish();
}

/**
 * A payload as `multipart/form-data`.
 *
 * - Fields of `config.files`: files. Base64 text in either alphabet, padded or not, without whitespace; a base64 `data:`
 *   URL, whose media type is ignored; bytes; or a list of those, under the field's name with `[]` behind it, or its `listName`. A name
 *   that the payload gives holds for each file of a list. The content type follows from the name.
 * - All others: strings as they are; numbers, booleans and bigints as JSON text; a list of such values once for each of
 *   them, under the field's name with `[]` behind it; objects and other lists as JSON text; bytes as base64 text. At most
 *   1000 of them, with names of at most 256 bytes.
 * - Whatever is null is left out.
 *
 * The values are those that `JSON.parse` gave: of integers beyond 2^53 that came in JSON, digits are lost. They are
 * kept when sent as strings, or in msgpack.
 *
 * @throws PayloadError with all that is wrong.
 * @example
 * ```ts
 * multipartBody(
 *   { model: "whisper", file: "UklGRg==", filename: "hello.wav" },
 *   { files: { file: { extensions: ["wav"], defaultFilename: "audio.wav", filenameField: "filename" } }, ...limits },
 * );
 * ```
 */
export const multipartBody = (payload: Payload, config: Multipart): MultipartBody =>
  encodeMultipart(multipartParts(payload, config));
