export type { Outage } from "./api/engine-server.js";
export { Engine } from "./engine.js";
export type { EngineEvents } from "./engine-events.js";
export type { EngineOptions } from "./engine-options.js";
export type { WireStatus } from "./machines/worker-events.js";
export type { NotRouted } from "./routing/dispatcher.js";
export type { Fleet, FleetWorker, Plan } from "./scaling/fleet.js";
export { type Planner, plan } from "./scaling/plan.js";
export { type ScalingParameters, scalingParametersSchema } from "./scaling/scaling-parameters.js";
export { parseScenario, type Scenario } from "./scaling/simulation/scenario.js";
export { simulate } from "./scaling/simulation/simulation.js";
export type {
  SimulationResult,
  SimulationSample,
  SimulationSummary,
} from "./scaling/simulation/simulation-result.js";
export type { RecordedEnd, RecordedReport, Totals } from "./workers/ledger.js";
export { ProcessProvider, type ProcessProviderOptions } from "./workers/process-provider.js";
export type { Memo, Provider, WorkerOrder } from "./workers/provider.js";
export type { WorkerState, WorkerView } from "./workers/worker-view.js";
export type { Workergroup } from "./workers/workergroup.js";
