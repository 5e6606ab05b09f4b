export { TsworkerError, type TsworkerErrorCode } from "../shared/errors.js";
export type { AuthData, Payload } from "../shared/wire.js";
export type { AccountCalls, CallOptions } from "./account/account-calls.js";
export type {
  EndpointParameters,
  EndpointRecord,
  EndpointState,
  NewWorkergroup,
  Workergroup,
  WorkergroupParameters,
} from "./account/account-records.js";
export type {
  DeploymentCalls,
  DeploymentConfig,
  DeploymentRecord,
  PlacedDeployment,
} from "./account/deployment-calls.js";
export type { EndpointLogs, EndpointWorker, WorkerState } from "./account/endpoint-worker.js";
export type { Endpoint } from "./endpoint.js";
export type { FetchOptions } from "./fetch/endpoint-fetch.js";
export type { Answer } from "./request/answer.js";
export type { PendingRequest } from "./request/client-request.js";
export type { RequestProgress, RequestStatus, RequestTimes } from "./request/progress.js";
export type { RequestOptions, SendOptions } from "./request/request-options.js";
export type { RetryOptions } from "./request/retry-policy.js";
export { type EndpointOptions, Serverless, type ServerlessOptions } from "./serverless.js";
export type { Session, SessionOptions } from "./session.js";
export type { AnswerStream } from "./stream/answer-stream.js";
