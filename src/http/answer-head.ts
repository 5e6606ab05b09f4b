/** Headers that concern one connection only (RFC 9110 §7.6.1), and those that this server writes itself. */
const DROPPED = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "content-length",
  "date",
]);

/** Lengths of the names that need a look: reading each name as text is most of the work here. */
const LOOKED_AT = new Set([...DROPPED, "content-type"].map((name) => name.length));

const STREAMED_TYPES = ["text/event-stream", "application/x-ndjson", "application/jsonl"];

/** The head of a model's answer, as the client is to get it. */
export interface AnswerHead {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: readonly Buffer[];
  /** Bytes of the body; undefined where the model did not say. */
  readonly length: number | undefined;
  /** Each piece is to go on as soon as it arrives. */
  readonly isStream: boolean;
}

const isStreamedType = (type: string): boolean =>
  STREAMED_TYPES.some((streamed) => type.startsWith(streamed)) || type.includes("stream");

/** Sorts the raw headers of a model's answer: what goes on, and how the body is to be relayed. */
export function readHead(status: number, raw: readonly Buffer[]): AnswerHead {
  let headers: Buffer[] = [];
  let length: number | undefined;
  let isStream = false;
  let named = NONE;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index];
    const value = raw[index + 1];
    if (name === undefined || value === undefined) continue;
    if (LOOKED_AT.has(name.length)) {
      const key = name.toString("latin1").toLowerCase();
      if (key === "content-length") length = Number(value.toString("latin1"));
      else if (key === "transfer-encoding") isStream = true;
      else if (key === "content-type") isStream ||= isStreamedType(value.toString("latin1").toLowerCase());
      else if (key === "connection") named = [...named, ...namedBy(value)];
      if (DROPPED.has(key)) continue;
    }
    headers.push(name, value);
  }
  if (named.length > 0) headers = without(headers, named);
  return { status, headers, length, isStream: isStream || length === undefined };
}

/** Further headers that a `Connection` header declares to be of this connection only. */
function namedBy(connection: Buffer): readonly string[] {
  const text = connection.toString("latin1").toLowerCase();
  if (text === "keep-alive" || text === "close") return NONE;
  return text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "keep-alive" && name !== "close" && name !== "");
}

const NONE: readonly string[] = [];

const without = (headers: readonly Buffer[], names: readonly string[]): Buffer[] =>
  headers.filter((_, index) => {
    const name = headers[index - (index % 2)];
    return name === undefined || !names.includes(name.toString("latin1").toLowerCase());
  });
