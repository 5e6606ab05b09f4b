import { inspect } from "node:util";

/** Longest message and stack that are sent, in UTF-16 units, and most causes. */
const MAX_MESSAGE = 8 * 1024;
const MAX_STACK = 32 * 1024;
const MAX_CAUSES = 5;

/** An error as it is sent to the caller. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly code?: string | number | undefined;
  readonly cause?: SentError | undefined;
}

/** Describes what a function has thrown, within bounds. */
export function sentError(thrown: unknown, causes = MAX_CAUSES): SentError {
  if (!(thrown instanceof Error)) {
    const message = typeof thrown === "string" ? thrown : inspect(thrown, { depth: 2 });
    return { name: typeof thrown, message: cut(message, MAX_MESSAGE), stack: "" };
  }
  const { message, stack, cause } = thrown;
  const code: unknown = Reflect.get(thrown, "code");
  return {
    name: cut(nameOf(thrown), 200),
    message: cut(String(message), MAX_MESSAGE),
    stack: cut(String(stack ?? ""), MAX_STACK),
    ...((typeof code === "string" || typeof code === "number") && { code }),
    ...(cause !== undefined && causes > 0 && { cause: sentError(cause, causes - 1) }),
  };
}

/** A subclass that sets no name has that of its class. */
function nameOf(error: Error): string {
  const { name } = error.constructor;
  return error.name === "Error" && name !== "" ? name : String(error.name);
}

const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most)}… (${text.length - most} more characters)`;

/**
 * An error that a remote function has thrown on its worker. The message is the original one; the stack has both sides: where
 * the function was called, and where it threw.
 *
 * @example
 * ```ts
 * try {
 *   await square(NaN);
 * } catch (error) {
 *   if (error instanceof RemoteError && error.remoteName === "RangeError") console.log(error.remoteStack);
 *   else throw error;
 * }
 * ```
 */
export class RemoteError extends Error {
  override readonly name = "RemoteError";
  /** Name of the function. */
  readonly functionName: string;
  /** Name of the original error or of its class, such as `RangeError`; the type of a thrown value that is no error. */
  readonly remoteName: string;
  /** The original error's `code`, if it has one. */
  declare readonly code?: string | number;
  readonly #remoteStack: string;

  constructor(functionName: string, sent: SentError) {
    const { name, message, stack, code, cause } = sent;
    super(message, cause && { cause: remoteErrorOf(functionName, cause) });
    this.functionName = functionName;
    this.remoteName = name;
    this.#remoteStack = stack;
    if (code !== undefined) this.code = code;
    const remote = stack === "" ? `${name}: ${message}` : stack;
    Object.defineProperty(this, "stack", {
      value: `${this.stack}\nthrown by the remote function ${functionName}:\n${remote}`,
      writable: true,
      configurable: true,
    });
  }

  /** Stack of the original error; empty for a thrown value that is no error. At most 32,768 characters. */
  get remoteStack(): string {
    return this.#remoteStack;
  }
}

/** Outside of the class: esbuild renames a class that refers to itself, and Node.js prints the new name. */
const remoteErrorOf = (functionName: string, sent: SentError): RemoteError =>
  new RemoteError(functionName, sent);
