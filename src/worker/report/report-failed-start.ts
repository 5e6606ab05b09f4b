import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../../shared/log.js";
import { VERSION } from "../../shared/package-root.js";
import type { WorkerStatus } from "../../shared/wire.js";
import type { Reachable } from "../config/environment.js";
import { ReportClient } from "./report-client.js";

/** Milliseconds between two reports. */
const INTERVAL_MS = 10_000;
/** Milliseconds that an address may take. */
const TIMEOUT_MS = 10_000;

/**
 * Reports to the engine, every 10 s, that this worker could not start, and why: one that only ended would seem to be still
 * starting.
 *
 * @param signal ends it.
 */
export async function reportFailedStart(
  { workerId, reportAddresses, masterToken }: Reachable,
  message: string,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const status: WorkerStatus = {
    id: workerId,
    mtoken: masterToken,
    version: VERSION,
    loadtime: 0,
    cur_load: 0,
    rej_load: 0,
    new_load: 0,
    error_msg: message,
    max_perf: 0,
    cur_perf: 0,
    cur_capacity: 0,
    max_capacity: 0,
    num_requests_working: 0,
    num_requests_recieved: 0,
    additional_disk_usage: 0,
    working_request_idxs: [],
    url: "",
  };
  const client = new ReportClient();
  while (!signal.aborted) {
    for (const address of reportAddresses) {
      try {
        await client.post(
          `${address}/worker_status/`,
          [Buffer.from(JSON.stringify(status))],
          TIMEOUT_MS,
          signal,
        );
        break;
      } catch (error) {
        if (signal.aborted) break;
        log.warn(
          { report: "status", fault: error instanceof Error ? error.message : String(error) },
          "report failed",
        );
      }
    }
    await delay(INTERVAL_MS, undefined, { signal }).catch(() => {});
  }
  client.close();
}
