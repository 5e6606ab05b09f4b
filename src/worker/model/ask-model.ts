import { TsworkerError } from "../../shared/errors.js";
import type { Target } from "../config/model-headers.js";

/** Milliseconds that the model may take. */
const TIMEOUT_MS = 10_000;

/** Longest body that is taken. */
const MAX_BYTES = 1024 * 1024;

/** What the model answered to a plain question. */
export interface ModelAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

/**
 * Asks the model server something by GET, such as whether it is well, and takes the answer as a whole.
 *
 * @throws TsworkerError `MODEL_UNREACHABLE` when there is none, `MODEL_TIMEOUT` when it takes too long.
 */
export async function askModel({ url, headers }: Target): Promise<ModelAnswer> {
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      // An idle connection could take a thread from the model.
      headers: { ...headers, connection: "close" },
      redirect: "manual",
      signal: limit,
    });
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of response.body ?? []) {
      size += piece.byteLength;
      if (size > MAX_BYTES) throw new Error(`its answer is longer than ${MAX_BYTES} bytes`);
      pieces.push(piece);
    }
    const contentType = response.headers.get("content-type") ?? undefined;
    return { status: response.status, contentType, body: Buffer.concat(pieces) };
  } catch (cause) {
    if (limit.aborted) {
      const message = `the model server did not answer within ${TIMEOUT_MS} ms`;
      throw new TsworkerError("MODEL_TIMEOUT", message, { cause });
    }
    throw new TsworkerError("MODEL_UNREACHABLE", "the model server could not be asked", { cause });
  }
}
