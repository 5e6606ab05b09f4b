export { TsworkerError, type TsworkerErrorCode } from "../shared/errors.js";
export type { LogLevel } from "../shared/log.js";
export type { Payload } from "../shared/wire.js";
export { Gateway } from "./gateway.js";
export type { GatewayClient, GatewayEndpointOptions, GatewayOptions } from "./gateway-options.js";
export { openAiWorkload, type WorkloadRequest } from "./workload.js";
