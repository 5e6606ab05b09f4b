import { stripVTControlCharacters } from "node:util";
import type { KeptAnswer } from "./kept-answer.js";

type Fields = Readonly<Record<string, unknown>>;

/** Characters of a model's answer that an error of the worker quotes. */
const QUOTED = 200;

/** What would end a line, move a terminal's cursor or turn the direction of the text around it. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\s]+/gu;

/** Line breaks of server-sent events and of newline-delimited JSON. */
const LINE_BREAK = /\r\n|\r|\n/;

/** What every error has in it somewhere: an answer without it is not parsed, which would cost time that is measured. */
const MENTIONS_ERROR = /"error"|^event: ?error/m;

/**
 * The beginning of what a model said, in one line of printable text.
 *
 * @param scrub takes secrets out; before the text is cut, which could leave half of one.
 */
export function quoted(text: string, scrub: (text: string) => string): string {
  const line = stripVTControlCharacters(text).replace(UNPRINTABLE, " ").trim();
  return [...scrub(line)].slice(0, QUOTED).join("").trim();
}

/** What an answer with a bad status says: the message of an error object, or else its text. */
export function messageOf(answer: KeptAnswer): string {
  const text = answer.head;
  const fields = fieldsIn(text) ?? documentsIn(text)[0]?.fields;
  return (fields && messageIn(fields)) ?? messageInPart(text) ?? text;
}

/**
 * What an answer says that is an error despite its status: an error object as JSON, or an error event in a stream.
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
