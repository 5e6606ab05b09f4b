import {
  keyMachine,
  modelMachine,
  reporterMachine,
  sessionMachine,
  workerMachine,
} from "../../../machines/index.js";
import type { Chart } from "./chart.js";
import { chartOf } from "./chart-of.js";
import type { MachineName } from "./machine-names.js";

/** The charts of all machines that a worker is made of, by their names. */
export function machineCharts(): Readonly<Record<MachineName, Chart>> {
  return {
    worker: chartOf(workerMachine),
    model: chartOf(modelMachine),
    key: chartOf(keyMachine),
    reporter: chartOf(reporterMachine),
    session: chartOf(sessionMachine),
  };
}
