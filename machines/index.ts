export type { EdgeEvent, EdgeInput, EdgeLogic, EdgeSnapshot, Traffic } from "./edge.js";
export type * from "./events.js";
export { FairLane } from "./fair-lane.js";
export { KEY_ATTEMPTS, type KeyContext, type KeyInput, keyMachine } from "./key.js";
export { FifoLane, type FlowView, type Lane, type Ticket } from "./lane.js";
export { type ModelInput, type ModelNews, modelMachine, type Readiness } from "./model.js";
export {
  type QueueEvent,
  type QueueInput,
  type QueueLogic,
  type QueueOrder,
  type QueueSnapshot,
  queueLogic,
} from "./queue.js";
export {
  type Delivered,
  type DeliveryInput,
  type ReporterContext,
  type ReporterInput,
  reporterMachine,
  TRIES_PER_ADDRESS,
} from "./reporter.js";
export { type OnCloseCall, type SessionContext, type SessionInput, sessionMachine } from "./session.js";
export { SessionTable, type TableEntry } from "./session-table.js";
export {
  type SessionsEvent,
  type SessionsInput,
  type SessionsLogic,
  type SessionsSnapshot,
  sessionsLogic,
} from "./sessions.js";
export { type WorkerActor, workerMachine } from "./worker.js";
export type { Fault, QueueDefinition, WorkerContext, WorkerInput } from "./worker-context.js";
export { MAX_REPLACED } from "./worker-setup.js";
