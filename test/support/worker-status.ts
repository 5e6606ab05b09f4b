import type { WorkerStatus } from "../../src/shared/wire.js";

/** A status report of a ready worker with a capacity of 100; the test may replace parts. */
export function workerStatus(parts: Partial<WorkerStatus> = {}): WorkerStatus {
  return {
    id: 1,
    mtoken: "token",
    version: "0.0.0",
    loadtime: 2.5,
    cur_load: 0,
    rej_load: 0,
    new_load: 0,
    error_msg: "",
    max_perf: 100,
    cur_perf: 0,
    cur_capacity: 0,
    max_capacity: 0,
    num_requests_working: 0,
    num_requests_recieved: 0,
    additional_disk_usage: 0,
    working_request_idxs: [],
    url: "http://127.0.0.1:41000",
    ...parts,
  };
}
