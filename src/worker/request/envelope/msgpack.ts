import { Unpackr } from "msgpackr";
import { MsgpackScanner } from "./msgpack-scanner.js";

/** Finds no names: it checks only. */
const structure = new MsgpackScanner([], 0);

/**
 * Maps come as `Map`, because the decoder's own objects rename the key `__proto__`, integers of 64 bits as bigints, and
 * bytes as copies: the memory of a request is reused when its handling returns.
 *
 * Where its optional native part is not installed it takes a byte order mark off the front of strings of more than
 * 64 bytes.
 */
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: false, copyBuffers: true });

/** Turns maps into objects as `JSON.parse` makes them, and bigints into numbers where no digit is lost; lists in place. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (value instanceof Map) return plainObject(value);
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index];
      if (typeof item === "object" || typeof item === "bigint") value[index] = plain(item);
    }
  }
  return value;
}

function plainObject(map: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [key, item] of map) {
    const value = plain(item);
    // To assign it would set the prototype.
    if (key === "__proto__")
      Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
    else object[key] = value;
  }
  return object;
}

/**
 * Decodes one msgpack value into what `JSON.parse` could have given, plus two more kinds:
 *
 * - bytes are `Buffer`s of their own;
 * - integers beyond 2^53 are bigints, with all their digits.
 *
 * Of a map only string keys are taken, `__proto__` among them, and of several of the same name the last one counts.
 * No value takes more memory than a constant factor of the body, nor more than a gigabyte besides its content.
 *
 * @throws SyntaxError for everything else: extensions (timestamps too), NaN and infinities, strings that are not UTF-8,
 * more than 256 levels, too few bytes or too many, and more values than a process can hold.
 */
export function decodeMsgpack(body: Buffer): unknown {
  // What a decoder could be hurt with is refused before it sees it.
  structure.reset(body.length);
  structure.push(body);
  structure.end();
  return plain(unpackr.unpack(body));
}
