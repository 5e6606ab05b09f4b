export { PayloadError, TsworkerError, type TsworkerErrorCode } from "./shared/errors.js";
export type {
  AuthData,
  EndedReport,
  EndedRequest,
  EndedStatus,
  Envelope,
  Payload,
  WorkerStatus,
} from "./shared/wire.js";
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
} from "./worker/config/config.js";
export { Worker } from "./worker/worker.js";
