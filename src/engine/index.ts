export { Engine } from "./engine.js";
export type { EngineEvents, NotRouted } from "./engine-events.js";
export type { EngineOptions } from "./engine-options.js";
export type { RecordedEnd, RecordedReport, Totals } from "./ledger.js";
export type { Outage } from "./outage.js";
export type { WorkerState, WorkerView } from "./roster.js";
