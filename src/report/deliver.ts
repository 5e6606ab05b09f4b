import { statfs } from "node:fs/promises";
import { fromPromise } from "xstate";
import type { Delivered, DeliveryInput } from "../../machines/reporter.js";
import { TsworkerError } from "../errors.js";
import type { Log } from "../log.js";
import { VERSION } from "../version.js";
import type { EndedReport, WorkerStatus } from "../wire.js";
import type { Ledger } from "./ledger.js";

/**
 * Ended requests in one report; the rest follows at once. A report is put together in one go, during which no
 * request is served: this many take some milliseconds. Smaller ones cost more in all, because sending one costs
 * about as much as telling of two thousand requests.
 */
const ENDED_PER_REPORT = 5000;

/** What a delivery knows besides the ledger. */
export interface DeliveryOptions {
  readonly ledger: Ledger;
  readonly log: Log;
  readonly workerId: number;
  readonly masterToken: string;
  readonly publicUrl: string;
}

async function post(url: string, body: unknown, timeoutMs: number, signal: AbortSignal): Promise<void> {
  let status: number;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
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

/** GiB in use on `/`. */
async function diskUsage(): Promise<number> {
  const { blocks, bfree, bsize } = await statfs("/");
  return ((blocks - bfree) * bsize) / 2 ** 30;
}

/**
 * Sends one report to one address: composed from the ledger at this moment, and taken off it only when the
 * engine answered 2xx.
 */
export function deliverReports({ ledger, log, workerId, masterToken, publicUrl }: DeliveryOptions) {
  let lastDiskUsage: number | undefined;

  const deliverStatus = async (
    { address, condition, timeoutMs }: DeliveryInput,
    signal: AbortSignal,
  ): Promise<Delivered> => {
    const counts = ledger.status();
    const disk = await diskUsage();
    const status: WorkerStatus = {
      id: workerId,
      mtoken: masterToken,
      version: VERSION,
      loadtime: condition.loadtime,
      cur_load: counts.curLoad,
      rej_load: counts.rejLoad,
      new_load: counts.newLoad,
      error_msg: condition.errorMsg,
      max_perf: condition.maxPerf,
      cur_perf: counts.curPerf,
      cur_capacity: 0,
      max_capacity: 0,
      num_requests_working: counts.working,
      num_requests_recieved: counts.received,
      additional_disk_usage: lastDiskUsage === undefined ? 0 : disk - lastDiskUsage,
      working_request_idxs: counts.requestIdxs,
      url: publicUrl,
    };
    await post(`${address}/worker_status/`, status, timeoutMs, signal);
    lastDiskUsage = disk;
    ledger.statusDelivered(counts);
    return { loadtime: condition.loadtime, more: false };
  };

  const deliverEnded = async (
    { address, timeoutMs }: DeliveryInput,
    signal: AbortSignal,
  ): Promise<Delivered> => {
    const requests = ledger.ended(ENDED_PER_REPORT);
    const dropped = ledger.takeDropped();
    if (dropped > 0) log.warn({ dropped }, "ended requests dropped: the engine took no reports for too long");
    if (requests.length > 0) {
      const report: EndedReport = { worker_id: workerId, mtoken: masterToken, requests };
      await post(`${address}/delete_requests/`, report, timeoutMs, signal);
      ledger.endedDelivered(requests);
    }
    return { loadtime: 0, more: ledger.hasEnded && requests.length === ENDED_PER_REPORT };
  };

  return fromPromise<Delivered, DeliveryInput>(async ({ input, signal }) => {
    try {
      return await (input.kind === "status" ? deliverStatus(input, signal) : deliverEnded(input, signal));
    } catch (error) {
      if (!signal.aborted) {
        log.warn(
          { report: input.kind, fault: error instanceof Error ? error.message : String(error) },
          "report failed",
        );
      }
      throw error;
    }
  });
}
