import type { Engine } from "../../engine/index.js";
import { printEvent } from "../command/terminal.js";

/** Prints one line for each event of an engine. */
export function printEngineEvents(engine: Engine): void {
  engine.on("report", (report) => {
    const parts = [
      `worker ${report.id}`,
      `load ${amount(report.cur_load)}`,
      `new ${amount(report.new_load)}`,
      `served ${amount(report.cur_perf)}`,
      `rejected ${amount(report.rej_load)}`,
      `capacity ${amount(report.max_perf)}/s`,
      `working ${report.num_requests_working}`,
    ];
    if (report.loadtime > 0) parts.push(`loaded in ${report.loadtime.toFixed(1)} s`);
    if (report.error_msg !== "") parts.push(`error: ${report.error_msg}`);
    printEvent("report", parts.join("  "));
  });
  engine.on("ended", (ended) => {
    for (const { request_idx, status, worker_id } of ended) {
      printEvent("ended", `request ${request_idx}  ${status}  worker ${worker_id}`);
    }
  });
  engine.on("routed", ({ request_idx, url, cost }) => {
    printEvent("routed", `request ${request_idx}  cost ${cost}  to ${url}`);
  });
  engine.on("unrouted", ({ request_idx, status }) => {
    printEvent("no worker", `request ${request_idx}  ${status}`);
  });
  engine.on("worker", ({ id, endpoint, status, failure }) => {
    printEvent("worker", `${id} of ${endpoint}  ${status}${status === "error" ? `: ${failure}` : ""}`);
  });
  engine.on(
    "plan",
    ({ endpoint, plan: { recruit, activate, redirect, deactivate, release, replace, wanted } }) => {
      const steps = [
        [recruit.active + recruit.inactive, "recruit"],
        [activate.length, "activate"],
        [redirect.length, "redirect"],
        [deactivate.length, "deactivate"],
        [release.length, "release"],
        [replace.length, "replace"],
      ] as const;
      const changes = steps.filter(([count]) => count > 0).map(([count, step]) => `${step} ${count}`);
      printEvent("plan", `${endpoint}  ${changes.join(", ")}: ${wanted.reason}`);
    },
  );
  engine.on("notice", (notice) => printEvent("notice", notice));
  engine.on("refused", ({ path, reason }) => printEvent("refused", `${path}  ${reason}`));
}

/** A workload, with one decimal. */
function amount(value: number): string {
  return String(Math.round(value * 10) / 10);
}
