export { TsworkerError, type TsworkerErrorCode } from "../shared/errors.js";
export type { ConnectOptions } from "./caller.js";
export type { Context, Contexts, ContextValues } from "./context.js";
export { type Deployment, defineDeployment } from "./deployment.js";
export type { CheckedDeploymentOptions, DeploymentOptions } from "./deployment-options.js";
export { RemoteError } from "./remote-error.js";
export type { RemoteCallOptions, RemoteFunction, RemoteOptions, RemoteResult } from "./remote-function.js";
