import { hasDotSegments } from "../worker/request/plain-head.js";
import { type GatewayAnswer, gatewayAnswers } from "./gateway-answers.js";
import type { CheckedEndpoint } from "./gateway-options.js";

/** Where a request goes. */
export interface Target {
  readonly endpoint: CheckedEndpoint;
  /** Route of the worker, such as `/v1/completions`. */
  readonly path: string;
}

/** Paths of OpenAI's API. */
const API = /^\/v1(?:\/|$)/;

/**
 * Finds the endpoint and route of a path: `/<endpoint>/v1/…`, or `/v1/…` where there is one endpoint only.
 *
 * @returns the error, where there is none.
 */
export function targetOf(path: string, endpoints: readonly CheckedEndpoint[]): Target | GatewayAnswer {
  if (hasDotSegments(path)) return gatewayAnswers.unknownPath();
  const [only] = endpoints;
  const names = endpoints.map(({ name }) => name);
  if (API.test(path) && !names.includes("v1")) {
    return endpoints.length === 1 && only !== undefined
      ? { endpoint: only, path }
      : gatewayAnswers.endpointMissing(names);
  }
  const slash = path.indexOf("/", 1);
  const rest = slash < 0 ? "" : path.slice(slash);
  if (!API.test(rest)) return gatewayAnswers.unknownPath();
  const name = decoded(path.slice(1, slash));
  const endpoint = endpoints.find((each) => each.name === name);
  return endpoint === undefined ? gatewayAnswers.unknownEndpoint(name, names) : { endpoint, path: rest };
}

/** A segment of a path without escapes; one that is not UTF-8 stays as it is. */
export function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
