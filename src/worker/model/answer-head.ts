/** The head of a model's answer, without hop-by-hop headers. */
export interface AnswerHead {
  readonly status: number;
  /** Names and values in turn, decoded as Latin-1, end-to-end headers only (RFC 9110 §7.6.1). */
  readonly headers: readonly string[];
  /** The headers are ASCII throughout: their text is their bytes. */
  readonly isAscii: boolean;
  /** Lower case, with its parameters; empty where there is none. */
  readonly contentType: string;
  /** Bytes of the body; undefined if the model did not announce it. */
  readonly length: number | undefined;
}

/** How the end of a body is marked (RFC 9112 §6.3). */
export type Framing = "none" | "length" | "chunked" | "close";

/** A head with the facts that the connection needs. */
export interface ParsedHead extends AnswerHead {
  readonly framing: Framing;
  /** The connection may take another request afterwards. */
  readonly keepAlive: boolean;
  /** Seconds that the model keeps an idle connection, if it announced them. */
  readonly idleSeconds: number | undefined;
}

const CONNECTION_HEADERS = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Lengths of the names that matter here: most other names are skipped by their length alone. */
const LENGTHS_THAT_MATTER: readonly boolean[] = [
  ...CONNECTION_HEADERS,
  "content-length",
  "content-type",
].reduce<boolean[]>((lengths, { length }) => {
  lengths[length] = true;
  return lengths;
}, []);

const STATUS_LINE = String.raw`HTTP/1\.\d [1-9]\d\d(?: [^\0\r\n]*)?`;
const HEADER_LINE = "[!#$%&'*+.^_`|~\\w-]+:[^\\0\\r\\n]*";
/**
 * Names are tokens, and no line holds a NUL, CR or LF, which another parser might take for its end (RFC 9112 §2.2, §5).
 * One expression over the whole head costs less than one for each line.
 */
const WELL_FORMED = new RegExp(`^${STATUS_LINE}\\r\\n(?:${HEADER_LINE}\\r\\n)*$`);
const STATUS_LINE_ONLY = new RegExp(`^${STATUS_LINE}$`);
const HEADER_LINE_ONLY = new RegExp(`^${HEADER_LINE}$`);

const ASCII = /^[\0-\x7f]*$/;

const SPACE = 0x20;
const TAB = 0x09;

/** Thrown for an answer that is no HTTP/1.x. */
export class MalformedAnswer extends Error {
  override readonly name = "MalformedAnswer";
}

/** An answer without a status line. @param start how the answer begins. */
export const noStatusLine = (start: string): MalformedAnswer =>
  new MalformedAnswer(`expected a status line of HTTP/1.x, got ${JSON.stringify(start.slice(0, 40))}`);

/** Parsed heads, by their text. A model repeats most of its heads; some differ in the date. */
const parsed = new Map<string, ParsedHead>();
/** Number of cached heads, and characters of the longest one. */
const MOST_KEPT = 64;
const LONGEST_KEPT = 1024;

/**
 * Parses a head: the status line and the header lines, each with its line break, without the empty line.
 *
 * @returns the same object for the same bytes, as a rule.
 */
export function parseHead(bytes: Buffer, start = 0, end = bytes.length): ParsedHead {
  const text = bytes.toString("latin1", start, end);
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const head = parse(text);
  if (text.length <= LONGEST_KEPT) {
    if (parsed.size >= MOST_KEPT) parsed.clear();
    parsed.set(text, head);
  }
  return head;
}

function parse(received: string): ParsedHead {
  let text = received;
  if (!WELL_FORMED.test(text)) text = withoutObsoleteForms(text);
  const status = Number(text.slice(9, 12));
  const headers: string[] = [];
  let contentType = "";
  let length: number | undefined;
  let encoding = "";
  let connection = "";
  let idleSeconds: number | undefined;
  for (let at = text.indexOf("\r\n") + 2; at < text.length; ) {
    const end = text.indexOf("\r\n", at);
    const colon = text.indexOf(":", at);
    const name = text.slice(at, colon);
    const value = fieldValue(text, colon + 1, end);
    at = end + 2;
    if (LENGTHS_THAT_MATTER[name.length] === true) {
      const key = name.toLowerCase();
      if (key === "content-length") {
        length = lengthOf(value, length);
        continue;
      }
      if (key === "content-type") contentType = value.toLowerCase();
      else if (key === "transfer-encoding") encoding += `,${value.toLowerCase()}`;
      else if (key === "connection") connection += `,${value.toLowerCase()}`;
      else if (key === "keep-alive") idleSeconds = secondsOf(value) ?? idleSeconds;
      if (CONNECTION_HEADERS.has(key)) continue;
    }
    headers.push(name, value);
  }
  const framing = framingOf(status, encoding, length);
  const isOld = text[7] === "0";
  const keepAlive =
    framing !== "close" &&
    // Some servers send the body that they announce with a status that has none.
    (framing !== "none" || (!length && encoding === "")) &&
    // With a length besides, in another coding, or in HTTP/1.0, the body may have ended elsewhere (RFC 9112 §6.1).
    (encoding === "" || (encoding === ",chunked" && length === undefined && !isOld)) &&
    !connection.includes("close") &&
    (!isOld || connection.includes("keep-alive"));
  return {
    status,
    headers: withoutNamed(headers, connection),
    isAscii: ASCII.test(received),
    contentType,
    // With a transfer encoding a content-length does not count.
    length: framing === "length" ? length : undefined,
    framing,
    keepAlive,
    idleSeconds,
  };
}

/** A line that continues in the next one (RFC 9112 §5.2). */
const LINE_FOLD = /\r\n[ \t]+/g;
/** Blanks between a name and its colon (RFC 9112 §5.1). */
const BLANKS_BEFORE_COLON = /^([!#$%&'*+.^_`|~\w-]+)[ \t]+:/gm;

/**
 * Rewrites obsolete syntax of old servers that a proxy may accept.
 *
 * @param text a head that is not well-formed.
 * @throws MalformedAnswer if the head is malformed for another reason.
 */
function withoutObsoleteForms(text: string): string {
  const end = text.indexOf("\r\n");
  const first = text.slice(0, end);
  const lines = text.slice(end);
  // Text that is folded into the status line belongs to no header.
  if (/^\r\n[ \t]/.test(lines)) throw faultOf(text);
  const rewritten = first + lines.replace(LINE_FOLD, " ").replace(BLANKS_BEFORE_COLON, "$1:");
  if (!WELL_FORMED.test(rewritten)) throw faultOf(text);
  return rewritten;
}

/** @param text a head that is not well-formed. */
function faultOf(text: string): MalformedAnswer {
  const [first = "", ...lines] = text.split("\r\n");
  if (!STATUS_LINE_ONLY.test(first)) return noStatusLine(first);
  const line = lines.find((each) => !HEADER_LINE_ONLY.test(each)) ?? "";
  return new MalformedAnswer(`expected a header line, got ${JSON.stringify(line.slice(0, 40))}`);
}

/** Without the spaces and tabs around it. `trim` would take more: a no-break space is half of a UTF-8 "à". */
function fieldValue(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

const isBlank = (code: number): boolean => code === SPACE || code === TAB;

/** The `timeout` of a `Keep-Alive` header. */
function secondsOf(value: string): number | undefined {
  const seconds = /\btimeout\s*=\s*"?(\d+)/i.exec(value)?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}

/** A length may be repeated, in one line or in several, as long as it is the same (RFC 9110 §8.6). */
function lengthOf(value: string, earlier: number | undefined): number {
  const [first = "", ...others] = value.split(",");
  const length = integerOf(first);
  const isSame = others.every((other) => integerOf(other) === length);
  if (!isSame || !Number.isSafeInteger(length) || (earlier !== undefined && earlier !== length)) {
    throw new MalformedAnswer(`expected one content-length, got ${JSON.stringify(value.slice(0, 40))}`);
  }
  return length;
}

function integerOf(text: string): number {
  return /^[ \t]*\d+[ \t]*$/.test(text) ? Number(text) : Number.NaN;
}

function framingOf(status: number, encoding: string, length: number | undefined): Framing {
  if (status < 200 || status === 204 || status === 304) return "none";
  if (encoding !== "") return encoding.split(",").at(-1)?.trim() === "chunked" ? "chunked" : "close";
  return length === undefined ? "close" : "length";
}

/** A `Connection` header may declare further headers to be of this connection only. */
function withoutNamed(headers: readonly string[], connection: string): readonly string[] {
  if (connection === "" || connection === ",keep-alive" || connection === ",close") return headers;
  const named = new Set(connection.split(",").map((name) => name.trim()));
  return headers.filter((_, index) => !named.has(headers[index - (index % 2)]?.toLowerCase() ?? ""));
}
