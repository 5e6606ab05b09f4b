import { isAscii } from "node:buffer";

/** The head of a model's answer, without what concerns the connection only. */
export interface AnswerHead {
  readonly status: number;
  /** Names and values in turn, decoded as Latin-1, end-to-end headers only (RFC 9110 §7.6.1). */
  readonly headers: readonly string[];
  /** The headers are ASCII throughout: their text is their bytes. */
  readonly isAscii: boolean;
  /** Lower case, with its parameters; empty where there is none. */
  readonly contentType: string;
  /** Bytes of the body; undefined where the model did not say. */
  readonly length: number | undefined;
}

/** How the end of a body is told (RFC 9112 §6.3). */
export type Framing = "none" | "length" | "chunked" | "close";

/** A head with what the connection needs to know of it. */
export interface ParsedHead extends AnswerHead {
  readonly framing: Framing;
  /** The connection may take another request afterwards. */
  readonly keepAlive: boolean;
  /** Seconds that the model keeps an idle connection, where it said so. */
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

/** Lengths of the names that matter here: in most heads most names are passed over by their length alone. */
const LENGTHS_THAT_MATTER: readonly boolean[] = [
  ...CONNECTION_HEADERS,
  "content-length",
  "content-type",
].reduce<boolean[]>((lengths, { length }) => {
  lengths[length] = true;
  return lengths;
}, []);

/** Thrown for an answer that is no HTTP/1.x. */
export class MalformedAnswer extends Error {
  override readonly name = "MalformedAnswer";
}

/** @param bytes the status line and the header lines, each with its line break, without the empty line. */
export function parseHead(bytes: Buffer): ParsedHead {
  const text = bytes.toString("latin1");
  const firstEnd = text.indexOf("\r\n");
  const status = Number(text.slice(9, 12));
  if (!text.startsWith("HTTP/1.") || text[8] !== " " || !(status >= 100 && status <= 999)) {
    throw new MalformedAnswer(
      `expected a status line of HTTP/1.x, got ${JSON.stringify(text.slice(0, Math.min(firstEnd, 40)))}`,
    );
  }
  const headers: string[] = [];
  let contentType = "";
  let length: number | undefined;
  let encoding = "";
  let connection = "";
  let idleSeconds: number | undefined;
  for (let at = firstEnd + 2; at < text.length; ) {
    const end = text.indexOf("\r\n", at);
    const colon = text.indexOf(":", at);
    if (colon <= at || colon > end) {
      throw new MalformedAnswer(
        `expected a header line, got ${JSON.stringify(text.slice(at, Math.min(end, at + 40)))}`,
      );
    }
    const name = text.slice(at, colon);
    const value = text.slice(colon + 1, end).trim();
    at = end + 2;
    if (LENGTHS_THAT_MATTER[name.length] === true) {
      const key = name.toLowerCase();
      if (key === "content-length") {
        length = lengthOf(value, length);
        continue;
      }
      if (key === "content-type") contentType = value.toLowerCase();
      else if (key === "transfer-encoding") encoding = value.toLowerCase();
      else if (key === "connection") connection += `,${value.toLowerCase()}`;
      else if (key === "keep-alive")
        idleSeconds = Number(/timeout=(\d+)/i.exec(value)?.[1] ?? Number.NaN) || undefined;
      if (CONNECTION_HEADERS.has(key)) continue;
    }
    headers.push(name, value);
  }
  const framing = framingOf(status, encoding, length);
  const keepAlive =
    framing !== "close" &&
    (encoding === "" || length === undefined) &&
    (text[7] === "0" ? connection.includes("keep-alive") : !connection.includes("close"));
  return {
    status,
    headers: withoutNamed(headers, connection),
    isAscii: isAscii(bytes),
    contentType,
    // With a transfer encoding a content-length does not count.
    length: framing === "length" ? length : undefined,
    framing,
    keepAlive,
    idleSeconds,
  };
}

function lengthOf(value: string, earlier: number | undefined): number {
  const length = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(length) || (earlier !== undefined && earlier !== length)) {
    throw new MalformedAnswer(`expected one content-length, got ${JSON.stringify(value)}`);
  }
  return length;
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
