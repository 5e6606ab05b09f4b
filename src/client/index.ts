export { TsworkerError, type TsworkerErrorCode } from "../errors.js";
export type { Answer } from "./answer.js";
export type { Endpoint, RequestOptions } from "./endpoint.js";
export { Serverless, type ServerlessOptions } from "./serverless.js";
