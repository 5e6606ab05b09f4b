/** Body of an error in the shape of OpenAI's API, which clients of that API read. */
export interface OpenAiError {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: null;
    readonly code: string | null;
  };
}

const UNAUTHORIZED = 401;
const FORBIDDEN = 403;
const TOO_MANY_REQUESTS = 429;
const FIRST_SERVER_ERROR = 500;

function typeOf(status: number): string {
  if (status >= FIRST_SERVER_ERROR) return "server_error";
  if (status === UNAUTHORIZED) return "authentication_error";
  if (status === FORBIDDEN) return "permission_error";
  return status === TOO_MANY_REQUESTS ? "rate_limit_error" : "invalid_request_error";
}

/**
 * The body of an error answer to a plain request.
 *
 * @param status of HTTP, 400 to 599; it determines the `type`.
 * @param code stable, for programs. @default null
 * @example
 * ```ts
 * openAiError(401, "expected an API key", "invalid_api_key");
 * // { error: { message: "expected an API key", type: "authentication_error", param: null, code: "invalid_api_key" } }
 * ```
 */
export const openAiError = (status: number, message: string, code: string | null = null): OpenAiError => ({
  error: { message, type: typeOf(status), param: null, code },
});
