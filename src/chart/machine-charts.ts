import {
  keyMachine,
  modelMachine,
  reporterMachine,
  sessionMachine,
  workerMachine,
} from "../../machines/index.js";
import type { Chart } from "./chart.js";
import { chartOf } from "./chart-of.js";

const MACHINES = [workerMachine, modelMachine, keyMachine, reporterMachine, sessionMachine];

/** The charts of all machines that a worker is made of, by their names. */
export function machineCharts(): Readonly<Record<string, Chart>> {
  return Object.fromEntries(MACHINES.map((machine) => [machine.id, chartOf(machine)]));
}
