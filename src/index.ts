export type {
  BenchmarkConfig,
  FileFieldConfig,
  HandlerConfig,
  HealthcheckConfig,
  InspectConfig,
  LifecycleConfig,
  LogActionConfig,
  MultipartConfig,
  OpenRouteConfig,
  TimeoutsConfig,
  WorkerConfig,
} from "./config.js";
export { PayloadError, TsworkerError, type TsworkerErrorCode } from "./errors.js";
export type {
  AuthData,
  EndedReport,
  EndedRequest,
  EndedStatus,
  Envelope,
  Payload,
  WorkerStatus,
} from "./wire.js";
export { Worker } from "./worker.js";
