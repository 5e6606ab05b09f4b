import type { ProbeFailure } from "../../../machines/model.js";
import { TsworkerError } from "../../shared/errors.js";

/** How a probe of the model failed, for the machine that judges it. */
export class ProbeError extends TsworkerError {
  readonly failure: ProbeFailure;

  constructor(message: string, failure: ProbeFailure, cause?: unknown) {
    const code = failure.kind === "timeout" ? "MODEL_TIMEOUT" : "MODEL_UNREACHABLE";
    super(code, message, cause === undefined ? {} : { cause });
    this.failure = failure;
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  ENOTFOUND: "unknown host",
  EAI_AGAIN: "unknown host",
  ETIMEDOUT: "no connection in time",
};

const codeOf = (error: unknown): string => String((Object(error) as { readonly code?: unknown }).code ?? "");

/** Whether an error says that no connection could be made. */
export const isRefusal = (error: unknown): boolean =>
  ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "EAI_AGAIN"].includes(codeOf(error));

/** What a connection error means, such as `connection refused`. */
export const wordsOf = (error: unknown): string =>
  WORDS[codeOf(error)] ?? (error instanceof Error && error.message !== "" ? error.message : String(error));

/** Host and port of a URL, such as `127.0.0.1:18000`. */
export const placeOf = ({ hostname, port, protocol }: URL): string =>
  `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
