import type { SafeValue } from "./frames.js";

/** Levels of objects within objects. */
const MAX_DEPTH = 6;
/** Entries of an object, an array, a map or a set. */
const MAX_ENTRIES = 50;
/** Characters of a text. */
const MAX_TEXT = 1000;
/** Characters of a key. */
const MAX_KEY = 100;
/** Values, and characters of text, in all: what is deep and broad at once is cut off, too. */
const MAX_VALUES = 1000;
const MAX_CHARACTERS = 16_000;

const REDACTED = "[redacted]";

/** Names under which secrets travel, in any way of writing. */
const SECRET =
  /^(?:.*(?:tokens?|secret|passw(?:or)?d|credentials?|(?:api|access|private|secret)[-_]?key|signature|authorization|cookie|jwt|bearer)|auth|session_auth)$/i;

/** Counts of a name that only sounds like a secret, such as `max_tokens`, are none. */
const isSecret = (key: string, value: unknown): boolean =>
  typeof value !== "number" && typeof value !== "boolean" && SECRET.test(key);

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

/** A copy of the beginning of a text: a mere slice would keep the whole text in memory. */
export const cut = (text: string, length: number): string =>
  text.length <= length
    ? text
    : `${Buffer.from(text.slice(0, length)).toString()}… (${text.length} characters)`;

/** One walk through a value. */
class Walk {
  readonly #scrub: (text: string) => string;
  #left = MAX_VALUES;
  #characters = MAX_CHARACTERS;
  /** Objects that the walk is inside of. */
  readonly #open = new Set<object>();

  constructor(scrub: (text: string) => string) {
    this.#scrub = scrub;
  }

  /** Characters that were used, and as many as the framing of that may take. */
  get size(): number {
    return MAX_CHARACTERS - this.#characters + (MAX_VALUES - this.#left) * 8;
  }

  value(value: unknown, depth: number): SafeValue {
    if (this.#left-- <= 0) return "[cut off]";
    if (typeof value === "object") return value === null ? null : this.#object(value, depth);
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "number":
        return Number.isFinite(value) ? value : String(value);
      case "boolean":
        return value;
      case "bigint":
        return `${value}n`;
      default:
        return `[${typeof value}]`;
    }
  }

  #text(text: string): string {
    // A secret that is cut in two would not be recognized, so the text is scrubbed before it is cut.
    const scrubbed = this.#scrub(text.length > 4 * MAX_TEXT ? text.slice(0, 4 * MAX_TEXT) : text);
    const shown =
      text.length > MAX_TEXT
        ? `${Buffer.from(scrubbed.slice(0, MAX_TEXT)).toString()}… (${text.length} characters)`
        : scrubbed;
    this.#characters -= shown.length;
    return this.#characters < 0 ? "[cut off]" : shown;
  }

  #object(object: object, depth: number): SafeValue {
    const text = describedObject(object);
    if (text !== undefined) return text;
    if (this.#open.has(object)) return "[the same as above: a cycle]";
    if (depth === 0) return Array.isArray(object) ? `[${plural(object.length, "entry")}]` : "[object]";
    this.#open.add(object);
    try {
      return this.#inside(object, depth - 1);
    } finally {
      this.#open.delete(object);
    }
  }

  #inside(object: object, depth: number): SafeValue {
    if (Array.isArray(object) || object instanceof Set) {
      const values = [...firstOf(object)].map((value) => this.value(value, depth));
      const size = Array.isArray(object) ? object.length : object.size;
      return size > values.length ? [...values, `[${size - values.length} more]`] : values;
    }
    const entries = object instanceof Map ? firstOf(object) : entriesOf(object);
    const safe: Record<string, SafeValue> = {};
    let count = 0;
    for (const [key, value] of entries) {
      if (++count > MAX_ENTRIES) break;
      const name = cut(String(key), MAX_KEY);
      this.#characters -= name.length;
      // `__proto__` would not become a key of its own.
      safe[name === "__proto__" ? "[__proto__]" : name] = isSecret(name, value)
        ? REDACTED
        : this.value(value, depth);
    }
    if (object instanceof Map && object.size > count) safe["[more]"] = `${object.size - count} more`;
    else if (count > MAX_ENTRIES) safe["[more]"] = "…";
    return safe;
  }
}

function* firstOf<T>(values: Iterable<T>): Generator<T> {
  let count = 0;
  for (const value of values) {
    if (++count > MAX_ENTRIES) return;
    yield value;
  }
}

/** The object's own entries. The value of a getter that throws is a note. An error's message, stack and cause are not enumerable. */
function* entriesOf(object: object): Generator<readonly [string, unknown]> {
  if (object instanceof Error) {
    yield ["name", object.name];
    yield ["message", object.message];
    yield ["stack", object.stack];
    if (object.cause !== undefined) yield ["cause", object.cause];
  }
  for (const key in object) {
    if (!Object.hasOwn(object, key)) continue;
    try {
      const value: unknown = Reflect.get(object, key);
      if (value !== undefined) yield [key, value];
    } catch {
      yield [key, "[cannot be read]"];
    }
  }
}

/** A description of an object whose entries are not shown; undefined for any other. */
function describedObject(object: object): string | undefined {
  if (ArrayBuffer.isView(object) || object instanceof ArrayBuffer) {
    return `[${object.constructor.name}, ${plural(object.byteLength, "byte")}]`;
  }
  if (object instanceof Date) return Number.isNaN(object.getTime()) ? "[invalid date]" : object.toISOString();
  if (object instanceof RegExp || object instanceof URL) return String(object);
  if (object instanceof Promise) return "[promise]";
  if ("sessionId" in object && "send" in object && "id" in object) return `[actor ${String(object.id)}]`;
  if ("machine" in object && "getMeta" in object) return "[snapshot]";
  return undefined;
}

/** Plain data, and about how many bytes it takes. */
interface Safe {
  readonly value: SafeValue;
  readonly size: number;
}

/**
 * A value as plain data that can be shown: of bounded depth, breadth, length and size in all, without secrets, and whatever it
 * holds. Cycles, actors, functions, buffers, big integers and other values that JSON does not have become descriptions.
 *
 * @param scrub takes secrets out of text.
 * @example
 * ```ts
 * safeValue({ id: 7n, pem: Buffer.alloc(32), api_key: "x" }).value;
 * // { id: "7n", pem: "[Buffer, 32 bytes]", api_key: "[redacted]" }
 * ```
 */
export function safeValue(value: unknown, scrub: (text: string) => string = (text) => text): Safe {
  const walk = new Walk(scrub);
  try {
    return { value: walk.value(value, MAX_DEPTH), size: walk.size };
  } catch {
    // A proxy that throws, or an object with a map's prototype that is none.
    return { value: "[cannot be shown]", size: walk.size };
  }
}
