import { TsworkerError } from "../shared/errors.js";

/**
 * Waits for a server that begins to listen. Where it cannot have its port, the error says what to do about that.
 *
 * @throws TsworkerError `PORT_UNAVAILABLE`.
 */
export async function orAdvise<Result>(advice: string, listening: Promise<Result>): Promise<Result> {
  try {
    return await listening;
  } catch (cause) {
    if (!(cause instanceof TsworkerError) || cause.code !== "PORT_UNAVAILABLE") throw cause;
    throw new TsworkerError(
      cause.code,
      `${cause.message}, maybe another tsworker dev; end it, or ${advice}`,
      {
        cause,
      },
    );
  }
}
