import { TextDecoder } from "node:util";

/** A longer line is cut: no readiness or error line is that long, and memory is bounded. */
const MAX_LINE_LENGTH = 64 * 1024;
/** Bytes of a file that determine its encoding, at most. */
const HEAD_BYTES = 64;
const NOTHING = Buffer.alloc(0);

/**
 * Escape sequences of terminals, with ESC or, of CSI, its 8-bit form: CSI (colours, cursor), OSC (titles, links), DCS, SOS, PM
 * and APC with their texts, and the short ones. A sequence that is not complete loses its first two characters only.
 */
const ESCAPES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that escape sequences are made of.
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|\x1b[\]PX^_](?:[^\x07\x1b]*(?:\x07|\x1b\\))?|\x1b[ -/]*[0-~]?/g;

/** A line of a log, without line break and escape sequences. */
export interface LogLine {
  readonly text: string;
  /** All of it was in the file when the worker started. */
  readonly stale: boolean;
  /** A shorter or equal reading of this line, which had not ended then, was given before. */
  readonly again: boolean;
}

/**
 * Makes the lines of one file from its bytes, which may be cut inside of a line or of a character. Lines end with LF, CRLF or, as
 * progress bars do, CR. The encoding is UTF-8 or UTF-16, with or without a byte order mark; invalid bytes are replaced, NULs are
 * left out: a file that was truncated under its writer begins with many.
 */
export class LogText {
  /** Bytes that do not determine the encoding yet. */
  #head: Buffer = NOTHING;
  #decoder: TextDecoder | undefined;
  /** The line that has begun. */
  #begun = "";
  #isStale = true;
  /** Length of what was given of the line that has begun. */
  #given = 0;
  #endsWithCr = false;

  /** @param stale whether these bytes were there when the worker started. */
  push(bytes: Buffer, stale: boolean): readonly LogLine[] {
    if (bytes.length === 0) return [];
    const decoded = this.#decode(bytes, false);
    if (this.#head.length > 0) this.#isStale = stale;
    return this.#add(decoded, stale);
  }

  /** The incomplete line, if it has grown since the last call: its line break may never come. */
  unfinished(): readonly LogLine[] {
    const lines = this.#head.length === 0 ? [] : this.#add(this.#decode(NOTHING, true), this.#isStale);
    if (this.#begun.length <= this.#given) return lines;
    const line = this.#line(this.#begun, this.#isStale);
    this.#given = this.#begun.length;
    return [...lines, line];
  }

  #decode(bytes: Buffer, isAll: boolean): string {
    if (this.#decoder === undefined) {
      this.#head = withoutNulPairs(this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes]));
      const encoding = encodingOf(this.#head, isAll);
      if (encoding === undefined) return "";
      this.#decoder = new TextDecoder(encoding);
      bytes = this.#head;
      this.#head = NOTHING;
    }
    const text = this.#decoder.decode(bytes, { stream: true });
    return text.includes("\0") ? text.replaceAll("\0", "") : text;
  }

  #add(decoded: string, stale: boolean): readonly LogLine[] {
    if (decoded === "") return [];
    const text = this.#endsWithCr && decoded.startsWith("\n") ? decoded.slice(1) : decoded;
    this.#endsWithCr = decoded.endsWith("\r");
    const [first = "", ...others] = text.includes("\r") ? text.split(/\r\n|[\r\n]/) : text.split("\n");
    if (first !== "") {
      this.#begun = (this.#begun + first).slice(0, MAX_LINE_LENGTH);
      this.#isStale = stale;
    }
    const lines: LogLine[] = [];
    for (const next of others) {
      lines.push(this.#line(this.#begun, this.#begun === "" ? stale : this.#isStale));
      this.#begun = next.slice(0, MAX_LINE_LENGTH);
      this.#isStale = stale;
      this.#given = 0;
    }
    return lines;
  }

  #line(text: string, stale: boolean): LogLine {
    const isPlain = !text.includes("\x1b") && !text.includes("\x9b");
    return { text: isPlain ? text : text.replace(ESCAPES, ""), stale, again: this.#given > 0 };
  }
}

/** Pairs, so that two-byte characters stay in step. */
function withoutNulPairs(bytes: Buffer): Buffer {
  let start = 0;
  while (start + 1 < bytes.length && bytes[start] === 0 && bytes[start + 1] === 0) start += 2;
  return bytes.subarray(start);
}

/**
 * The encoding of a file that begins like this. UTF-16 shows itself by NULs, of which UTF-8 has none, in every second byte: in the
 * first two characters, or after a byte order mark in any, because a log has digits, blanks or line breaks in every language.
 *
 * @param isAll no more bytes are to be expected soon.
 * @returns undefined when more bytes are needed.
 */
function encodingOf(head: Buffer, isAll: boolean): "utf-8" | "utf-16le" | "utf-16be" | undefined {
  const [first = 0, second = 0, third = 0, fourth = 0] = head;
  const isMarkedLe = first === 0xff && second === 0xfe;
  const isMarkedBe = first === 0xfe && second === 0xff;
  if (isMarkedLe || isMarkedBe) {
    for (let index = isMarkedLe ? 3 : 2; index < Math.min(head.length, HEAD_BYTES); index += 2) {
      if (head[index] === 0) return isMarkedLe ? "utf-16le" : "utf-16be";
    }
    return isAll || head.length >= HEAD_BYTES ? "utf-8" : undefined;
  }
  const hasNul = head.subarray(0, 4).includes(0);
  if (head.length >= 2 && !hasNul) return "utf-8";
  if (head.length >= 4) {
    if (first !== 0 && second === 0 && third !== 0 && fourth === 0) return "utf-16le";
    if (first === 0 && second !== 0 && third === 0 && fourth !== 0) return "utf-16be";
    return "utf-8";
  }
  return isAll ? "utf-8" : undefined;
}
