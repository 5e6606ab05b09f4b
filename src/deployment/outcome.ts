import { RemoteError, type SentError, sentError } from "./remote-error.js";
import { decodeValue } from "./values/decode.js";
import { encodeValue } from "./values/encode.js";

/**
 * What a function gave, as the worker sends it: a text with the encoded kind and value. A plain function has one `return`
 * or `throw`; a generator any number of `yield` before that.
 */
export interface Outcome {
  readonly kind: "yield" | "return" | "throw";
  readonly value: unknown;
}

/**
 * The arguments of a call as the payload of a request.
 *
 * @throws TypeError for an argument that cannot be sent.
 */
export function payloadOf(name: string, args: readonly unknown[]): { readonly args: readonly string[] } {
  return {
    args: args.map((arg, index) => base64(encodeValue(arg, `argument ${index + 1} of ${name}`))),
  };
}

/** @throws SyntaxError, TypeError where a payload has no valid arguments. */
export function argumentsOf(payload: Readonly<Record<string, unknown>>): unknown[] {
  const { args } = payload;
  if (!Array.isArray(args) || !args.every((each) => typeof each === "string")) {
    throw new TypeError("expected a list of encoded arguments");
  }
  return args.map((each: string) => decodeValue(Buffer.from(each, "base64")));
}

/** The text of an outcome; of a value that cannot be sent it is the error about that. */
export function outcomeText(name: string, kind: Exclude<Outcome["kind"], "throw">, value: unknown): string {
  try {
    return base64(encodeValue([kind, value], `the ${kind === "yield" ? "value" : "result"} of ${name}`));
  } catch (error) {
    return thrownText(error);
  }
}

/** The text of an error that a function has thrown. */
export const thrownText = (thrown: unknown): string =>
  base64(encodeValue(["throw", { ...sentError(thrown) }], "an error"));

/**
 * The outcome in a text.
 *
 * @throws {RemoteError} when it is a `throw`; SyntaxError for any other text.
 */
export function outcomeIn(name: string, text: unknown): Outcome {
  const decoded = typeof text === "string" ? decodeValue(Buffer.from(text, "base64")) : undefined;
  const [kind, value]: readonly unknown[] = Array.isArray(decoded) ? decoded : [];
  if (kind === "throw") throw new RemoteError(name, value as SentError);
  if (kind === "yield" || kind === "return") return { kind, value };
  throw new SyntaxError(`expected the outcome of ${name}, got something else`);
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
