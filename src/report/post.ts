import { TsworkerError } from "../errors.js";

/**
 * POSTs a report, which is JSON, to the engine.
 *
 * @throws TsworkerError `REPORT_FAILED` unless it answered 2xx.
 */
export async function post(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  let status: number;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: body,
      // Followed, a redirect may turn into a GET, whose 200 says nothing about the report.
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    status = response.status;
    // The status alone decides: what was taken is not told again because the rest of the answer did not come.
    await response.arrayBuffer().catch(() => {});
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new TsworkerError(
      "REPORT_FAILED",
      `${url} did not answer: ${cause instanceof Error ? cause.message : cause}`,
      {
        cause: error,
      },
    );
  }
  if (status < 200 || status > 299)
    throw new TsworkerError("REPORT_FAILED", `${url} answered ${status}, expected 2xx`);
}
