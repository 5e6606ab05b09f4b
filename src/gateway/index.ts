export { TsworkerError, type TsworkerErrorCode } from "../shared/errors.js";
export type { LogLevel } from "../shared/log.js";
export type { Payload } from "../shared/wire.js";
export type { ApiKeyConfig } from "../worker/config/access-config.js";
export { Gateway } from "./gateway.js";
export type { GatewayEndpointOptions, GatewayOptions } from "./gateway-options.js";
export { openAiWorkload, type WorkloadRequest } from "./workload.js";
