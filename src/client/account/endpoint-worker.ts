import { TsworkerError } from "../../shared/errors.js";
import { fieldsOf } from "../request/http-response.js";

/** States of a worker at the engine; `idle` is ready, `stopped` is inactive. */
export type WorkerState =
  | "pending"
  | "creating"
  | "created"
  | "loading"
  | "model_loading"
  | "idle"
  | "stopping"
  | "stopped"
  | "starting"
  | "rebooting"
  | "error"
  | "destroying"
  | "update_ready"
  | "update_rebooting"
  | "update_starting";

/** A worker of an endpoint, as reported by the engine. Loads are in units of workload, capacities in units per second. */
export interface EndpointWorker {
  readonly id: number;
  readonly status: WorkerState;
  /** Workload of the requests waiting or running. */
  readonly cur_load: number;
  /** Workload received since the previous report. */
  readonly new_load: number;
  readonly cur_load_rolling_avg: number;
  /** Workload served per second. */
  readonly cur_perf: number;
  /** Capacity that the engine assumes. */
  readonly perf: number;
  /** Capacity measured by the benchmark. */
  readonly measured_perf: number;
  readonly dlperf: number;
  /** From 0 to 1. */
  readonly reliability: number;
  /** Requests waiting or running. */
  readonly reqs_working: number;
  /** GiB. */
  readonly disk_usage: number;
  /** Epoch seconds. */
  readonly loaded_at: number;
  /** Epoch seconds. */
  readonly started_at: number;
}

/** The engine's log of an endpoint by level, in descending order of importance. */
export interface EndpointLogs {
  readonly info0: string;
  readonly info1: string;
  readonly trace: string;
  readonly debug: string;
}

/** @throws {TsworkerError} `ENGINE_INVALID`. */
export function workersOf(json: unknown): readonly EndpointWorker[] {
  if (Array.isArray(json) && json.every((each) => typeof fieldsOf(each).status === "string")) return json;
  throw unexpectedAnswer("a list of workers", json);
}

/** Missing levels are empty. @throws {TsworkerError} `ENGINE_INVALID`. */
export function logsOf(json: unknown): EndpointLogs {
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw unexpectedAnswer("an object of logs", json);
  const fields = fieldsOf(json);
  const textOf = (level: string): string => {
    const text = fields[level] ?? "";
    return typeof text === "string" ? text : JSON.stringify(text);
  };
  return { info0: textOf("info0"), info1: textOf("info1"), trace: textOf("trace"), debug: textOf("debug") };
}

/** The error of an answer that has another form. */
export function unexpectedAnswer(expected: string, json: unknown): TsworkerError {
  const got = JSON.stringify(json).slice(0, 500);
  return new TsworkerError("ENGINE_INVALID", `expected ${expected} from the engine, got ${got}`);
}
