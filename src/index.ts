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
export type { AccessConfig, ApiKeyConfig } from "./worker/config/access-config.js";
export type {
  HealthcheckConfig,
  InspectConfig,
  LifecycleConfig,
  LogActionConfig,
  LogPattern,
  MetricsConfig,
  OpenRouteConfig,
  WorkerConfig,
} from "./worker/config/config.js";
export {
  type BenchmarkConfig,
  type FileFieldConfig,
  type HandlerConfig,
  handler,
  type MultipartConfig,
  type MultipartFile,
  type PayloadObject,
  type TimeoutsConfig,
} from "./worker/config/handler-config.js";
export type { PayloadSchema, SchemaIssue, SchemaResult } from "./worker/config/payload-schema.js";
export { defineWorker, Worker, type WorkerEvents, type WorkerState } from "./worker/worker.js";
