import { statfs } from "node:fs/promises";
import { fromPromise } from "xstate";
import type { ReportKind } from "../../../machines/events.js";
import type { Delivered, DeliveryInput } from "../../../machines/reporter.js";
import type { Log } from "../../shared/log.js";
import { VERSION } from "../../shared/package-root.js";
import type { EndedReport, WorkerStatus } from "../../shared/wire.js";
import type { Ledger } from "./ledger.js";
import type { ReportClient } from "./report-client.js";

/** How many reports of each kind went through since the start, and how many attempts failed. */
export type ReportCounts = Readonly<Record<ReportKind, { delivered: number; failed: number }>>;

export const newReportCounts = (): ReportCounts => ({
  status: { delivered: 0, failed: 0 },
  ended: { delivered: 0, failed: 0 },
});

/** Ended requests in one report; the rest follows at once. They are at most 220 KB. */
const ENDED_PER_REPORT = 1000;

/** The input of a delivery besides the ledger. */
export interface DeliveryOptions {
  readonly ledger: Ledger;
  readonly client: ReportClient;
  readonly log: Log;
  readonly workerId: number;
  readonly masterToken: string;
  /** The token that an engine on this machine announces now, in the place of one that it does not take. */
  readonly announcedToken: () => string | undefined;
  readonly publicUrl: string;
  readonly counts: ReportCounts;
  /** Takes secrets out of text, such as a line of the model's log. */
  readonly scrub: (text: string) => string;
}

const ENDED_TAIL = Buffer.from("]}");

/** A report of ended requests up to the first of them. */
function endedHeadOf(workerId: number, token: string): Buffer {
  const identity = { worker_id: workerId, mtoken: token } satisfies Omit<EndedReport, "requests">;
  return Buffer.from(`${JSON.stringify(identity).slice(0, -1)},"requests":[`);
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
export function deliverReports(options: DeliveryOptions) {
  const { ledger, client, log, workerId, announcedToken, publicUrl, counts, scrub } = options;
  let lastDiskUsage: number | undefined;
  let token = options.masterToken;
  let endedHead = endedHeadOf(workerId, token);

  const deliverStatus = async (
    { address, condition, timeoutMs }: DeliveryInput,
    signal: AbortSignal,
  ): Promise<Delivered> => {
    const counted = ledger.status();
    const disk = await diskUsage();
    const status: WorkerStatus = {
      id: workerId,
      mtoken: token,
      version: VERSION,
      loadtime: condition.loadtime,
      cur_load: counted.curLoad,
      rej_load: counted.rejLoad,
      new_load: counted.newLoad,
      error_msg: scrub(condition.errorMsg),
      max_perf: condition.maxPerf,
      cur_perf: counted.curPerf,
      cur_capacity: 0,
      max_capacity: 0,
      num_requests_working: counted.working,
      num_requests_recieved: counted.received,
      additional_disk_usage: lastDiskUsage === undefined ? 0 : disk - lastDiskUsage,
      working_request_idxs: counted.requestIdxs,
      url: publicUrl,
    };
    await client.post(`${address}/worker_status/`, [Buffer.from(JSON.stringify(status))], timeoutMs, signal);
    lastDiskUsage = disk;
    ledger.statusDelivered(counted);
    return { loadtime: condition.loadtime, more: false };
  };

  const deliverEnded = async (
    { address, timeoutMs }: DeliveryInput,
    signal: AbortSignal,
  ): Promise<Delivered> => {
    const slice = ledger.ended(ENDED_PER_REPORT);
    const dropped = ledger.takeDropped();
    if (dropped > 0) log.warn({ dropped }, "ended requests dropped: the engine took no reports for too long");
    if (slice.count > 0) {
      const body = [endedHead, ...slice.json, ENDED_TAIL];
      await client.post(`${address}/delete_requests/`, body, timeoutMs, signal);
      ledger.endedDelivered(slice);
    }
    return { loadtime: 0, more: ledger.hasEnded && slice.count === ENDED_PER_REPORT };
  };

  return fromPromise<Delivered, DeliveryInput>(async ({ input, signal }) => {
    try {
      const delivered = await (input.kind === "status"
        ? deliverStatus(input, signal)
        : deliverEnded(input, signal));
      counts[input.kind].delivered++;
      return delivered;
    } catch (error) {
      if (!signal.aborted) {
        // The engine may have been started anew, with another one.
        token = announcedToken() ?? token;
        endedHead = endedHeadOf(workerId, token);
        counts[input.kind].failed++;
        log.warn(
          { report: input.kind, fault: error instanceof Error ? error.message : String(error) },
          "report failed",
        );
      }
      throw error;
    }
  });
}
