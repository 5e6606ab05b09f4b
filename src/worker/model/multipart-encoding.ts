import { nanoid } from "nanoid";
import { jsonText } from "../../shared/json-text.js";

/** A body that is not JSON, and what it is. */
export interface MultipartBody {
  /** With the boundary; the same for every body of this process. */
  readonly contentType: string;
  readonly body: Buffer;
}

/** One part of a multipart body, checked, with its content as it came. */
export interface MultipartPart {
  readonly head: string;
  readonly content: string | Uint8Array;
  /** How `content` turns into bytes where it is text. */
  readonly encoding: "utf8" | "base64";
  /** Bytes of the content. */
  readonly length: number;
}

/** Unknown to clients, so that it occurs in no content; constant, so that the head of a request can be cached. */
const BOUNDARY = `tsworker-${nanoid(32)}`;
const CONTENT_TYPE = `multipart/form-data; boundary=${BOUNDARY}`;
const CLOSING = `--${BOUNDARY}--\r\n`;

const OTHER_TYPE = "application/octet-stream";
const TYPES: ReadonlyMap<string, string> = new Map([
  ["aac", "audio/aac"],
  ["aif", "audio/aiff"],
  ["aiff", "audio/aiff"],
  ["flac", "audio/flac"],
  ["m4a", "audio/mp4"],
  ["mp3", "audio/mpeg"],
  ["mpga", "audio/mpeg"],
  ["oga", "audio/ogg"],
  ["ogg", "audio/ogg"],
  ["opus", "audio/ogg"],
  ["wav", "audio/wav"],
  ["mp4", "video/mp4"],
  ["mpeg", "video/mpeg"],
  ["webm", "video/webm"],
  ["avif", "image/avif"],
  ["bmp", "image/bmp"],
  ["gif", "image/gif"],
  ["heic", "image/heic"],
  ["jpeg", "image/jpeg"],
  ["jpg", "image/jpeg"],
  ["png", "image/png"],
  ["tif", "image/tiff"],
  ["tiff", "image/tiff"],
  ["webp", "image/webp"],
]);

export const extensionOf = (filename: string): string =>
  filename.slice(filename.lastIndexOf(".") + 1).toLowerCase();

/** Media type of a file, from the extension of its name. */
export const mediaTypeOf = (filename: string): string => TYPES.get(extensionOf(filename)) ?? OTHER_TYPE;

/** A name as the form-data encoding of browsers writes it: it cannot end its quotes nor its line. */
export const escapeName = (name: string): string =>
  name.replaceAll('"', "%22").replaceAll("\r", "%0D").replaceAll("\n", "%0A");

/** A part of a form. @param head its headers, without the blank line. */
export const partOf = (
  head: string,
  { content, encoding, length }: Pick<MultipartPart, "content" | "encoding" | "length">,
): MultipartPart => ({ head: `--${BOUNDARY}\r\n${head}\r\n\r\n`, content, encoding, length });

/** Text of a field's value; undefined for what is left out. */
export function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined || typeof value === "function" || typeof value === "symbol")
    return undefined;
  if (typeof value === "string") return value;
  // Bytes are base64 text as in JSON, but there are no quotes around it here.
  if (value instanceof Uint8Array) return jsonText(value).slice(1, -1);
  return jsonText(value);
}

/** Writes parts, each byte once. */
export function encodeMultipart(parts: readonly MultipartPart[]): MultipartBody {
  let total = CLOSING.length;
  for (const { head, length } of parts) total += Buffer.byteLength(head) + length + 2;
  const body = Buffer.allocUnsafe(total);
  let at = 0;
  for (const { head, content, encoding, length } of parts) {
    at += body.write(head, at);
    if (typeof content === "string") at += body.write(content, at, length, encoding);
    else {
      body.set(content, at);
      at += length;
    }
    at += body.write("\r\n", at, "latin1");
  }
  at += body.write(CLOSING, at, "latin1");
  // Memory that was not written holds what others left there.
  if (at !== total) throw new Error(`expected a multipart body of ${total} bytes, wrote ${at}`);
  return { contentType: CONTENT_TYPE, body };
}
