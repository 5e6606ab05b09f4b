import { stripVTControlCharacters } from "node:util";

/** Bytes kept of the beginning of a long answer: an error fits into them. */
const HEAD_BYTES = 4 * 1024;

/** Bytes kept of its end, where servers write the number of tokens. */
const TAIL_BYTES = 64 * 1024;

/** An answer to a payload of the worker's own: all of a short one, beginning and end of a long one. */
export class KeptAnswer {
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** Beginning of an answer of which only the end is left in the pieces. */
  #head: Buffer | undefined;

  /** Adds a piece, which is copied. */
  add(piece: Buffer): void {
    this.#pieces.push(Buffer.from(piece));
    this.#bytes += piece.length;
    // Twice as many, so that each byte is moved once on average.
    if (this.#bytes <= 2 * TAIL_BYTES) return;
    const all = Buffer.concat(this.#pieces);
    this.#head ??= Buffer.from(all.subarray(0, HEAD_BYTES));
    this.#pieces = [Buffer.from(all.subarray(-TAIL_BYTES))];
    this.#bytes = TAIL_BYTES;
  }

  /** Whether nothing is missing between head and tail. */
  get isWhole(): boolean {
    return this.#head === undefined;
  }

  /** Its beginning, as text; of a whole one all of it. */
  get head(): string {
    return this.#head?.toString() ?? this.tail;
  }

  /** Its end, as text; of a whole one all of it. */
  get tail(): string {
    return Buffer.concat(this.#pieces).toString();
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** Characters of a model's answer that an error of the worker quotes. */
const QUOTED = 200;

/** Characters that end a line, move a terminal's cursor or change the direction of text. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\s]+/gu;

/** Line breaks of server-sent events and of newline-delimited JSON. */
const LINE_BREAK = /\r\n|\r|\n/;

/** Occurs in every error: an answer without it is not parsed, which would take time that is measured. */
const MENTIONS_ERROR = /"error"|^event: ?error/m;

/**
 * The beginning of a model's text, in one line of printable characters.
 *
 * @param scrub removes secrets, before the text is cut, which could leave half of one.
 */
export function quoted(text: string, scrub: (text: string) => string): string {
  const line = stripVTControlCharacters(text).replace(UNPRINTABLE, " ").trim();
  return [...scrub(line)].slice(0, QUOTED).join("").trim();
}

/** Message of an answer with a bad status: that of an error object, or else its text. */
export function messageOf(answer: KeptAnswer): string {
  const text = answer.head;
  const fields = fieldsIn(text) ?? documentsIn(text)[0]?.fields;
  return (fields && messageIn(fields)) ?? messageInPart(text) ?? text;
}

/**
 * Message of an answer that is an error despite its status: an error object as JSON, or an error event in a stream.
 *
 * @returns undefined: it is none.
 */
export function errorIn(answer: KeptAnswer): string | undefined {
  const { head, isWhole, tail } = answer;
  if (!MENTIONS_ERROR.test(head) && !MENTIONS_ERROR.test(tail)) return undefined;
  const whole = isWhole ? fieldsIn(tail) : undefined;
  if (whole !== undefined) return isError(whole) ? (messageIn(whole) ?? tail) : undefined;
  const documents = [...(isWhole ? [] : documentsIn(head).slice(0, 1)), ...documentsIn(tail)];
  const error = documents.find(({ event, fields }) => event === "error" || (fields && isError(fields)));
  return error && ((error.fields && messageIn(error.fields)) ?? error.data);
}

/** `{"error": …}`, `{"object": "error", …}` or `{"type": "error", …}`. Many successful answers have an `error` that is null, false or empty. */
const isError = ({ error, object, type }: Fields): boolean =>
  Boolean(error) || object === "error" || type === "error";

function messageIn({ error, message, detail }: Fields): string | undefined {
  const inner = objectOf(error);
  return [inner?.message, inner?.error, error, message, detail].find(
    (each): each is string => typeof each === "string" && each.trim() !== "",
  );
}

/** The message of an error object that is not there as a whole, because it is long or was cut off. */
function messageInPart(text: string): string | undefined {
  const [, message] = /^\s*\{.*?"message"\s*:\s*("(?:[^"\\]|\\.)+")/s.exec(text) ?? [];
  try {
    return message === undefined ? undefined : String(JSON.parse(message));
  } catch {
    return undefined;
  }
}

/** An event of a stream, or a line of newline-delimited JSON. */
interface Document {
  readonly event: string | undefined;
  readonly data: string;
  /** Undefined: its data are no JSON object. */
  readonly fields: Fields | undefined;
}

/** The events and lines of JSON in a stream; the last event need not be complete. */
function documentsIn(text: string): readonly Document[] {
  const documents: Document[] = [];
  let event: string | undefined;
  let data: string[] = [];
  const end = (): void => {
    if (event !== undefined || data.length > 0) documents.push(documentOf(event, data.join("\n")));
    event = undefined;
    data = [];
  };
  for (const line of text.trimStart().split(LINE_BREAK)) {
    const [, field, value = ""] = /^(event|data): ?(.*)$/.exec(line) ?? [];
    if (line === "") end();
    else if (field === "event") event = value;
    else if (field === "data") data.push(value);
    else if (line.startsWith("{")) documents.push(documentOf(undefined, line));
  }
  end();
  return documents;
}

const documentOf = (event: string | undefined, data: string): Document => ({
  event,
  data,
  fields: fieldsIn(data),
});

function fieldsIn(text: string): Fields | undefined {
  // A byte order mark is white space, too.
  const trimmed = text.trim();
  if (!trimmed.startsWith("{")) return undefined;
  try {
    return objectOf(JSON.parse(trimmed));
  } catch {
    return undefined;
  }
}

const objectOf = (value: unknown): Fields | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
