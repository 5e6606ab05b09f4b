/**
 * Stable codes of the errors that this package throws.
 *
 * @example
 * ```ts
 * const isPermanent = (code: TsworkerErrorCode): boolean => code === "CONFIG_INVALID" || code === "ENVIRONMENT_INVALID";
 * ```
 */
export type TsworkerErrorCode =
  | "CONFIG_INVALID"
  | "ENVIRONMENT_INVALID"
  | "CERTIFICATE_UNREADABLE"
  | "PORT_UNAVAILABLE"
  | "STATE_UNAVAILABLE"
  | "SERVER_UNAVAILABLE"
  | "PUBLIC_KEY_UNAVAILABLE"
  | "REPORT_FAILED"
  | "MODEL_UNREACHABLE"
  | "MODEL_TIMEOUT"
  | "BENCHMARK_FAILED"
  | "WORKER_FAILED"
  | "ENGINE_UNREACHABLE"
  | "ENGINE_REFUSED"
  | "ENGINE_INVALID"
  | "NO_WORKER_READY"
  | "WORKER_REFUSED"
  | "WORKER_UNREACHABLE"
  | "ANSWER_BROKEN"
  | "ANSWER_INVALID"
  | "REQUEST_TIMEOUT"
  | "RETRIES_EXHAUSTED"
  | "SESSION_CLOSED";

/**
 * The error class of the package: a stable `code` to branch on, a message with what was expected, what was received and
 * what to do, and the `cause` where there is one.
 *
 * @example
 * ```ts
 * try {
 *   await new Worker(config).run();
 * } catch (error) {
 *   if (error instanceof TsworkerError && error.code === "PORT_UNAVAILABLE") process.exit(3);
 *   throw error;
 * }
 * ```
 */
export class TsworkerError extends Error {
  override readonly name = "TsworkerError";
  readonly code: TsworkerErrorCode;

  constructor(code: TsworkerErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Thrown by a `requestParser` to refuse a payload: the client gets 422 with these messages under `payload`.
 *
 * @example
 * ```ts
 * const requestParser = (payload: Payload): Payload => {
 *   if (typeof payload.prompt !== "string") throw new PayloadError({ prompt: "must be a string" });
 *   return payload;
 * };
 * ```
 */
export class PayloadError extends Error {
  override readonly name = "PayloadError";
  /** A message per invalid field. */
  readonly fields: Readonly<Record<string, string>>;

  constructor(fields: Readonly<Record<string, string>>) {
    super(
      `payload refused: ${Object.entries(fields)
        .map(([field, message]) => `${field}: ${message}`)
        .join("; ")}`,
    );
    this.fields = fields;
  }
}

/** The message of a failed `fetch`, whose own "fetch failed" hides the reason in the `cause`. */
export function errorMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  // One reason per address that was tried: the first represents all.
  const inner = cause instanceof AggregateError ? cause.errors[0] : cause;
  return inner instanceof Error && inner.message !== "" ? inner.message : error.message;
}

/** A message that lists all errors of a configuration, one per line. */
export const formatErrors = (subject: string, errors: readonly string[]): string =>
  `${subject} has ${errors.length === 1 ? "1 error" : `${errors.length} errors`}:\n${errors
    .map((error) => `  ${error}`)
    .join("\n")}`;
