/** Stable codes of the errors that this package throws. */
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
 * The one error class of the package: a stable `code` to branch on, a message that says what was expected,
 * what came and what to do, and the `cause` where there is one.
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
 * requestParser: (payload) => {
 *   if (typeof payload.prompt !== "string") throw new PayloadError({ prompt: "must be a string" });
 *   return payload;
 * }
 * ```
 */
export class PayloadError extends Error {
  override readonly name = "PayloadError";
  /** A message per faulty field. */
  readonly fields: Readonly<Record<string, string>>;

  constructor(fields: Readonly<Record<string, string>>) {
    super(
      `payload refused: ${Object.entries(fields)
        .map(([field, fault]) => `${field}: ${fault}`)
        .join("; ")}`,
    );
    this.fields = fields;
  }
}
