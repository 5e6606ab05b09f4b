import { onTestFinished } from "vitest";
import { createActor, toPromise } from "xstate";
import type { Delivered, DeliveryInput } from "../../../machines/reporter.js";
import { scrubber } from "../../../src/shared/scrubber.js";
import { deliverReports, newReportCounts } from "../../../src/worker/report/deliver.js";
import { ReportClient } from "../../../src/worker/report/report-client.js";
import { startedLedger } from "./entries.js";
import { keptLog } from "./kept-log.js";

export const MASTER_TOKEN = "the-master-token";

/** A ledger, and the deliveries of its reports. */
export function deliveries() {
  const { ledger, entry } = startedLedger();
  const { log, lines, warnings } = keptLog();
  const counts = newReportCounts();
  const client = new ReportClient();
  onTestFinished(() => client.close());
  const logic = deliverReports({
    ledger,
    client,
    log,
    workerId: 17,
    masterToken: MASTER_TOKEN,
    announcedToken: () => undefined,
    publicUrl: "http://203.0.113.7:41000",
    counts,
    scrub: scrubber([MASTER_TOKEN]),
  });
  const begin = (input: DeliveryInput) => createActor(logic, { input }).start();
  const input = (parts: Partial<DeliveryInput>): DeliveryInput => ({
    kind: "status",
    address: "",
    condition: { maxPerf: 0, errorMsg: "", loadtime: 0 },
    timeoutMs: 10_000,
    ...parts,
  });
  return {
    ledger,
    entry,
    lines,
    warnings,
    counts,
    begin: (parts: Partial<DeliveryInput>) => begin(input(parts)),
    deliver: (parts: Partial<DeliveryInput>): Promise<Delivered> => toPromise(begin(input(parts))),
  };
}
