const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Strings are looked through byte by byte up to here, and with the faster native search beyond. */
const SHORT_STRING = 64;

/** Index behind the string that begins at `start`, which is its opening quote. */
export function endOfString(json: Buffer, start: number): number {
  let index = start + 1;
  const near = index + SHORT_STRING;
  for (; index < near; index++) {
    const byte = json[index];
    if (byte === QUOTE) return index + 1;
    if (byte === BACKSLASH) index++;
  }
  for (;;) {
    const quote = json.indexOf(QUOTE, index);
    if (quote < 0) return json.length;
    let backslashes = 0;
    while (quote - 1 - backslashes >= index && json[quote - 1 - backslashes] === BACKSLASH) backslashes++;
    index = quote + 1;
    if (backslashes % 2 === 0) return index;
  }
}

/** Index behind the value that begins at `start`. */
function endOfValue(json: Buffer, start: number): number {
  const first = json[start];
  if (first === QUOTE) return endOfString(json, start);
  let index = start;
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) {
    for (; index < json.length; index++) {
      const byte = json[index];
      if (byte === COMMA || byte === CLOSE_BRACE || isSpace(byte)) break;
    }
    return index;
  }
  let depth = 0;
  while (index < json.length) {
    const byte = json[index];
    if (byte === QUOTE) {
      index = endOfString(json, index);
      continue;
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
    index++;
    if (depth === 0) break;
  }
  return index;
}

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

function skipSpace(json: Buffer, start: number): number {
  let index = start;
  while (isSpace(json[index])) index++;
  return index;
}

/** Whether the string between the quotes `start` and `end - 1` reads `payload`, escapes considered. */
function isPayloadKey(json: Buffer, start: number, end: number): boolean {
  const key = json.toString("latin1", start + 1, end - 1);
  return key === "payload" || (key.includes("\\") && JSON.parse(`"${key}"`) === "payload");
}

/**
 * The bytes of the top-level value of `payload`, as the client wrote them: numbers beyond 2^53, the order of
 * keys and all else reach the model unchanged, and nothing is serialized anew.
 *
 * @param json an object that `JSON.parse` has accepted. Of several values of that name the last one counts, as
 * it does there.
 * @returns a view on `json`, undefined where there is no such value.
 */
export function payloadBytes(json: Buffer): Buffer | undefined {
  let found: Buffer | undefined;
  let index = skipSpace(json, 0) + 1;
  while (index < json.length) {
    index = skipSpace(json, index);
    if (json[index] !== QUOTE) break;
    const keyEnd = endOfString(json, index);
    const isPayload = isPayloadKey(json, index, keyEnd);
    index = skipSpace(json, keyEnd);
    if (json[index] === COLON) index = skipSpace(json, index + 1);
    const end = endOfValue(json, index);
    if (isPayload) found = json.subarray(index, end);
    index = skipSpace(json, end);
    if (json[index] === COMMA) index++;
  }
  return found;
}
