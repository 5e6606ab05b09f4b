import { BINARY_TYPES, EXTENSION, MAX_BYTES, MAX_DEPTH } from "./value-format.js";

/**
 * Encodes a value: what JSON has, and `undefined`, NaN and infinities, `Date`, `Map`, `Set`, `bigint`, `Error`, `Buffer`,
 * `ArrayBuffer`, `DataView` and typed arrays.
 *
 * @param subject - what the value is, for errors, such as `argument 1 of square`.
 * @throws TypeError for anything else, such as functions and instances of classes, for a value that contains itself, and
 * beyond 200 levels or 64 MiB. The message names the subject and the place in it.
 */
export function encodeValue(value: unknown, subject: string): Uint8Array {
  const writer = new ValueWriter(subject);
  writer.write(value);
  return writer.bytes();
}

const INITIAL_BYTES = 256;
const TOO_LARGE = `more than ${MAX_BYTES / 1024 / 1024} MiB`;

const utf8 = new TextEncoder();

class ValueWriter {
  readonly #subject: string;
  #buffer = new Uint8Array(INITIAL_BYTES);
  #view = new DataView(this.#buffer.buffer);
  #length = 0;
  /** Where the present value is in the subject. */
  readonly #path: string[] = [];
  /** The objects that the present value is in. */
  readonly #around = new Set<object>();

  constructor(subject: string) {
    this.#subject = subject;
  }

  bytes(): Uint8Array {
    if (this.#length > MAX_BYTES) this.#refuse(TOO_LARGE);
    return this.#buffer.subarray(0, this.#length);
  }

  write(value: unknown): void {
    switch (typeof value) {
      case "undefined":
        this.#extension(EXTENSION.undefined, () => {});
        return;
      case "boolean":
        this.#byte(value ? 0xc3 : 0xc2);
        return;
      case "number":
        this.#number(value);
        return;
      case "string":
        this.#text(value);
        return;
      case "bigint":
        this.#extension(EXTENSION.bigint, () => {
          this.#raw(utf8.encode(value < 0n ? `-${(-value).toString(16)}` : value.toString(16)));
        });
        return;
      case "object":
        if (value === null) this.#byte(0xc0);
        else this.#inside(value);
        return;
      default:
        this.#refuse(typeof value === "function" ? `a function${named(value)}` : `a ${typeof value}`);
    }
  }

  #inside(value: object): void {
    if (this.#around.has(value)) this.#refuse("a value that contains itself");
    if (this.#around.size >= MAX_DEPTH) this.#refuse(`more than ${MAX_DEPTH} levels`);
    this.#around.add(value);
    this.#object(value);
    this.#around.delete(value);
  }

  #object(value: object): void {
    if (Array.isArray(value)) this.#list(value);
    else if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) this.#binary(value);
    else if (value instanceof Date) this.#extension(EXTENSION.date, () => this.#float(value.getTime()));
    else if (value instanceof Map) {
      this.#extension(EXTENSION.map, () => {
        let index = 0;
        for (const [key, item] of value) {
          this.#at(` key ${index}`, key);
          this.#at(typeof key === "string" ? `.get(${JSON.stringify(key)})` : ` value ${index}`, item);
          index += 1;
        }
      });
    } else if (value instanceof Set) {
      this.#extension(EXTENSION.set, () => {
        let index = 0;
        for (const item of value) this.#at(` item ${index++}`, item);
      });
    } else if (value instanceof Error) {
      this.#extension(EXTENSION.error, () => this.#fields(errorFields(value)));
    } else if (isPlain(value)) this.#fields(Object.entries(value));
    else this.#refuse(classOf(value));
  }

  #list(items: readonly unknown[]): void {
    this.#head(items.length, 0x90, 15, 0xdc);
    // Holes are read as undefined.
    for (let index = 0; index < items.length; index += 1) this.#at(`[${index}]`, items[index]);
  }

  #fields(entries: readonly (readonly [string, unknown])[]): void {
    this.#head(entries.length, 0x80, 15, 0xde);
    for (const [key, item] of entries) {
      this.#text(key);
      this.#at(/^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`, item);
    }
  }

  #at(place: string, value: unknown): void {
    this.#path.push(place);
    this.write(value);
    this.#path.pop();
  }

  #binary(value: ArrayBufferView | ArrayBuffer): void {
    const bytes =
      value instanceof ArrayBuffer
        ? new Uint8Array(value)
        : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    const name = Object.prototype.toString.call(value).slice("[object ".length, -1);
    const type = typeof Buffer !== "undefined" && Buffer.isBuffer(value) ? "Buffer" : name;
    if (type === "Uint8Array") {
      this.#reserve(5 + bytes.length);
      this.#byte(0xc6);
      this.#uint32(bytes.length);
      this.#raw(bytes);
      return;
    }
    const index = (BINARY_TYPES as readonly string[]).indexOf(type);
    if (index < 0) this.#refuse(classOf(value));
    this.#extension(EXTENSION.binary, () => {
      this.#byte(index);
      this.#raw(bytes);
    });
  }

  #number(value: number): void {
    const isInteger = Number.isInteger(value) && !Object.is(value, -0);
    if (isInteger && value >= 0 && value < 0x80) this.#byte(value);
    else if (isInteger && value >= -0x80000000 && value <= 0x7fffffff) {
      this.#byte(0xd2);
      this.#reserve(4);
      this.#view.setInt32(this.#length, value);
      this.#length += 4;
    } else {
      this.#byte(0xcb);
      this.#float(value);
    }
  }

  #float(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value);
    this.#length += 8;
  }

  #text(text: string): void {
    // At most 3 bytes for each UTF-16 unit.
    this.#reserve(5 + Math.min(text.length * 3, MAX_BYTES));
    const start = this.#length;
    this.#byte(0xdb);
    this.#length += 4;
    const { read, written } = utf8.encodeInto(text, this.#buffer.subarray(this.#length));
    if (read < text.length) this.#refuse(TOO_LARGE);
    this.#view.setUint32(start + 1, written);
    this.#length += written;
  }

  /** The head of a list or map: of up to 15 items in its first byte, otherwise with its length in four bytes. */
  #head(length: number, short: number, mostShort: number, long: number): void {
    if (length <= mostShort) this.#byte(short | length);
    else {
      this.#byte(long + 1);
      this.#uint32(length);
    }
  }

  #extension(type: number, content: () => void): void {
    this.#byte(0xc9);
    const start = this.#length;
    this.#uint32(0);
    this.#byte(type);
    content();
    this.#view.setUint32(start, this.#length - start - 5);
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  #uint32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value);
    this.#length += 4;
  }

  #raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (this.#length > MAX_BYTES || count > MAX_BYTES + 5) {
      this.#refuse(TOO_LARGE);
    }
    if (needed <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
    this.#view = new DataView(larger.buffer);
  }

  #refuse(got: string): never {
    const place = this.#path.join("").replace(/^\./, "");
    throw new TypeError(
      `${this.#subject}${place === "" ? "" : `, at ${place}`}: expected a value that can be sent, got ${got}`,
    );
  }
}

/** Objects of another realm have another `Object.prototype`. */
function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function errorFields(error: Error): readonly (readonly [string, unknown])[] {
  const { name, message, stack, cause } = error;
  const own = Object.entries(error).filter(([key]) => !["name", "message", "stack", "cause"].includes(key));
  return [
    ["name", String(name)],
    ["message", String(message)],
    ["stack", stack === undefined ? undefined : String(stack)],
    ...(cause === undefined ? [] : ([["cause", cause]] as const)),
    ...(error instanceof AggregateError ? ([["errors", [...error.errors]]] as const) : []),
    ...own,
  ];
}

const named = ({ name }: { readonly name: string }): string => (name === "" ? "" : ` (${name})`);

function classOf(value: object): string {
  if (value instanceof Promise) return "a promise: await it first";
  const made: unknown = value.constructor;
  const name = typeof made === "function" ? made.name : "";
  return `an instance of ${name === "" ? "a class" : `the class ${name}`}: pass a plain object instead`;
}
