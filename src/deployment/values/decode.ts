import { BINARY_TYPES, type BinaryType, EXTENSION, MAX_DEPTH } from "./value-format.js";

/**
 * Decodes a value that `encodeValue` has encoded. Memory is bounded by a constant factor of the bytes, whatever they are.
 *
 * @throws SyntaxError for bytes that are no such value.
 */
export function decodeValue(bytes: Uint8Array): unknown {
  const reader = new ValueReader(bytes);
  const value = reader.read();
  reader.expectEnd();
  return value;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

class ValueReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #depth = 0;

  constructor(bytes: Uint8Array) {
    const { buffer, byteOffset, byteLength } = bytes;
    // Of a `Buffer`, `slice` would make no copy.
    this.#bytes = new Uint8Array(buffer, byteOffset, byteLength);
    this.#view = new DataView(buffer, byteOffset, byteLength);
  }

  read(): unknown {
    const first = this.#byte();
    if (first < 0x80) return first;
    if (first < 0x90) return this.#fields(first & 0x0f);
    if (first < 0xa0) return this.#list(first & 0x0f);
    switch (first) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc6:
        return this.#take(this.#uint32()).slice();
      case 0xc9:
        return this.#extension();
      case 0xcb:
        return this.#float();
      case 0xd2:
        return this.#view.getInt32(this.#skip(4));
      case 0xdb:
        return this.#text(this.#uint32());
      case 0xdd:
        return this.#list(this.#uint32());
      case 0xdf:
        return this.#fields(this.#uint32());
      default:
        return fail(`an unknown type 0x${first.toString(16)}`);
    }
  }

  expectEnd(): void {
    if (this.#at !== this.#bytes.length) fail("more bytes than a value has");
  }

  #extension(): unknown {
    const length = this.#uint32();
    const type = this.#byte();
    const end = this.#at + length;
    if (end > this.#bytes.length) fail("too few bytes");
    const value = this.#extended(type, length, end);
    if (this.#at !== end) fail(`an extension of type ${type} with a wrong length`);
    return value;
  }

  #extended(type: number, length: number, end: number): unknown {
    switch (type) {
      case EXTENSION.undefined:
        return undefined;
      case EXTENSION.date:
        return new Date(this.#float());
      case EXTENSION.bigint:
        return bigintOf(this.#text(length));
      case EXTENSION.binary:
        return binaryOf(BINARY_TYPES[this.#byte()], this.#take(end - this.#at));
      case EXTENSION.error:
        return errorOf(this.read());
      case EXTENSION.map:
        return this.#nested(() => {
          const map = new Map<unknown, unknown>();
          while (this.#at < end) map.set(this.read(), this.read());
          return map;
        });
      case EXTENSION.set:
        return this.#nested(() => {
          const set = new Set<unknown>();
          while (this.#at < end) set.add(this.read());
          return set;
        });
      default:
        return fail(`an unknown extension ${type}`);
    }
  }

  #list(length: number): unknown[] {
    this.#expect(length);
    return this.#nested(() => {
      const items: unknown[] = [];
      for (let index = 0; index < length; index += 1) items.push(this.read());
      return items;
    });
  }

  #fields(length: number): Record<string, unknown> {
    this.#expect(length * 2);
    return this.#nested(() => {
      const fields: Record<string, unknown> = {};
      for (let index = 0; index < length; index += 1) {
        const key = this.read();
        if (typeof key !== "string") return fail("a key that is no text");
        const value = this.read();
        // To assign it would set the prototype.
        if (key === "__proto__") {
          Object.defineProperty(fields, key, { value, writable: true, enumerable: true, configurable: true });
        } else fields[key] = value;
      }
      return fields;
    });
  }

  #nested<Value>(content: () => Value): Value {
    this.#depth += 1;
    // An error's fields are a level more than its writer counts.
    if (this.#depth > 2 * MAX_DEPTH) fail(`more than ${MAX_DEPTH} levels`);
    const value = content();
    this.#depth -= 1;
    return value;
  }

  #text(length: number): string {
    const bytes = this.#take(length);
    try {
      return utf8.decode(bytes);
    } catch {
      return fail("text that is not UTF-8");
    }
  }

  #float(): number {
    return this.#view.getFloat64(this.#skip(8));
  }

  #uint32(): number {
    return this.#view.getUint32(this.#skip(4));
  }

  #byte(): number {
    return this.#view.getUint8(this.#skip(1));
  }

  #take(length: number): Uint8Array {
    const start = this.#skip(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** Advances. @returns where it was. */
  #skip(length: number): number {
    this.#expect(length);
    const start = this.#at;
    this.#at += length;
    return start;
  }

  /** Every item has at least one byte: a list cannot announce more than there are. */
  #expect(count: number): void {
    if (count > this.#bytes.length - this.#at) fail("too few bytes");
  }
}

function bigintOf(text: string): bigint {
  const [, sign, digits] = /^(-?)([0-9a-f]+)$/.exec(text) ?? [];
  if (digits === undefined) return fail("a bigint without digits");
  const value = BigInt(`0x${digits}`);
  return sign === "-" ? -value : value;
}

/** A view of a whole buffer. */
type View = new (buffer: ArrayBuffer) => ArrayBufferView;

const VIEWS: Readonly<Record<Exclude<BinaryType, "Buffer" | "ArrayBuffer">, View>> = {
  DataView,
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
};

function binaryOf(type: BinaryType | undefined, bytes: Uint8Array): unknown {
  if (type === undefined) return fail("an unknown binary type");
  // A copy: views of larger numbers must be aligned, and the bytes around it are freed.
  const { buffer } = bytes.slice();
  if (type === "ArrayBuffer") return buffer;
  if (type === "Buffer") return typeof Buffer === "undefined" ? new Uint8Array(buffer) : Buffer.from(buffer);
  const View = VIEWS[type];
  const width = Number(Reflect.get(View, "BYTES_PER_ELEMENT") ?? 1);
  if (bytes.length % width !== 0) return fail(`a ${type} of ${bytes.length} bytes`);
  return new View(buffer);
}

const ERRORS = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

/** An error of the class of its name where that is one of the language's, otherwise an `Error` with that name. */
function errorOf(fields: unknown): Error {
  if (typeof fields !== "object" || fields === null || Array.isArray(fields))
    return fail("an error without fields");
  const { name, message, stack, cause, errors, ...own } = fields as Record<string, unknown>;
  const Class = Object.hasOwn(ERRORS, String(name)) ? ERRORS[name as keyof typeof ERRORS] : Error;
  const text = String(message);
  const options = "cause" in fields ? { cause } : undefined;
  const error = Array.isArray(errors) ? new AggregateError(errors, text, options) : new Class(text, options);
  const define = (key: string, value: unknown, enumerable: boolean): void => {
    Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true });
  };
  if (error.name !== name) define("name", String(name), false);
  define("stack", stack === undefined ? undefined : String(stack), false);
  for (const [key, value] of Object.entries(own)) define(key, value, true);
  return error;
}

function fail(got: string): never {
  throw new SyntaxError(`expected an encoded value, got ${got}`);
}
