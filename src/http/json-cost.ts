import { endOfString } from "./payload-bytes.js";

/** Bytes up to which a text is parsed unseen: whatever it holds, that takes some tens of megabytes. */
const SMALL = 1024 * 1024;

/** Bytes of memory that a value may take besides the content of its strings, as for msgpack. */
const MAX_OVERHEAD = 2 ** 30;

/**
 * Bytes of memory for each object or list, name, string and other value while it is parsed, rounded up: what counts more
 * is the time, which grows faster than the number of the first two.
 */
const OF_CONTAINER = 256;
const OF_NAME = 192;
const OF_STRING = 64;
const OF_ITEM = 32;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;

/**
 * Refuses a text that would hurt the parser: 200 MB of `{},` cost gigabytes, and minutes in which nothing else is served,
 * before anybody could look at the signature.
 *
 * @param json may be anything, valid or not.
 * @throws SyntaxError
 */
export function checkJsonCost(json: Buffer): void {
  if (json.length <= SMALL) return;
  let overhead = 0;
  for (let index = 0; index < json.length && overhead <= MAX_OVERHEAD; ) {
    const byte = json[index];
    if (byte === QUOTE) {
      index = endOfString(json, index);
      overhead += OF_STRING;
      continue;
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) overhead += OF_CONTAINER;
    else if (byte === COMMA) overhead += OF_ITEM;
    else if (byte === COLON) overhead += OF_NAME;
    index++;
  }
  if (overhead > MAX_OVERHEAD) throw new SyntaxError("expected JSON, got too many values");
}
