export type * from "./events.js";
export { KEY_ATTEMPTS, type KeyContext, type KeyInput, keyMachine } from "./key.js";
export { Lane, type Ticket } from "./lane.js";
export { type ModelInput, type ModelNews, modelMachine, type Readiness } from "./model.js";
export {
  type QueueEvent,
  type QueueInput,
  type QueueLogic,
  type QueueSnapshot,
  queueLogic,
} from "./queue.js";
export {
  type Delivered,
  type DeliveryInput,
  type ReporterContext,
  type ReporterInput,
  type ReportKind,
  reporterMachine,
  TRIES_PER_ADDRESS,
} from "./reporter.js";
export {
  type EdgeEvent,
  type EdgeInput,
  type EdgeLogic,
  type EdgeSnapshot,
  type Fault,
  MAX_REPLACED,
  type QueueDefinition,
  type Traffic,
  type WorkerActor,
  type WorkerContext,
  type WorkerInput,
  workerMachine,
} from "./worker.js";
