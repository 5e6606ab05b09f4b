import type { HandlerConfig, MultipartConfig, Payload } from "tsworker";
import { checked, isGiven, type Rules } from "../checks/payload.js";
import { textVariable } from "../checks/variables.js";

/**
 * The workload of a reference request, whatever the route: of a completion of 500 tokens, of 500 characters spoken, of one
 * picture. So one worker's capacity compares with another's, and a queue's seconds are seconds on every route.
 */
const REFERENCE_WORKLOAD = 500;

/** Of references; the workload of a request is kept between these. */
const LEAST = 0.1;
const MOST = 8;

/** Seconds that the work ahead of a request may take before the worker refuses it. */
const MAX_QUEUE_TIME = 600;

/** Whether requests are plain ones, without an engine's envelope: `ACCESS_MODE`, which `--standalone` sets. */
export function takesPlainRequests(): boolean {
  return ["apikey", "open"].includes(textVariable("ACCESS_MODE")?.toLowerCase() ?? "");
}

/** A route of a server with OpenAI's interface. */
export interface OpenaiRoute {
  readonly route: string;
  /** Refuses only what every server refuses, and where its message is of more help than the server's. */
  readonly rules?: Rules;
  /** Size of a request in reference requests of this route; one whose size cannot be read counts as one. */
  readonly size: (payload: Payload) => number;
  /** The payload goes to the server as a form with these files, in which the model is filled in. */
  readonly files?: MultipartConfig["files"];
  /** A batch: the model is filled in where the client names none. */
  readonly isBatch?: boolean;
  /** How the route is benchmarked; undefined: it cannot be. */
  readonly benchmark?: {
    readonly concurrency: number;
    readonly runs: number;
    /** A reference request, new each time: engines cache by content. */
    readonly payload: () => Payload;
  };
}

/** @param model its name, where one is known. */
export function handlerOf(
  { route, rules = {}, size, files, isBatch, benchmark }: OpenaiRoute,
  model: string | undefined,
  isBenchmarked: boolean,
): HandlerConfig {
  const parse = checked(rules);
  // A plain request is the form itself, which passes as it is; the benchmark has one made.
  const isForm = files !== undefined && takesPlainRequests() && !isBenchmarked;
  const isFilledIn = model !== undefined && (files !== undefined || isBatch);
  return {
    route,
    allowParallelRequests: true,
    maxQueueTime: MAX_QUEUE_TIME,
    ...(!isForm && { requestParser: isFilledIn ? (payload) => withModel(parse(payload), model) : parse }),
    workloadCalculator: (payload) => workloadOf(size(payload)),
    ...(files && !isForm && { multipart: { files } }),
    ...(isBenchmarked &&
      benchmark && {
        benchmarkConfig: {
          concurrency: benchmark.concurrency,
          runs: benchmark.runs,
          generator: () => ({ ...(model !== undefined && { model }), ...benchmark.payload() }),
        },
      }),
  };
}

/** @param size in reference requests. */
function workloadOf(size: number): number {
  return REFERENCE_WORKLOAD * Math.min(MOST, Math.max(LEAST, Number.isFinite(size) ? size : 1));
}

function withModel(payload: Payload, model: string): Payload {
  return isGiven(payload.model) && payload.model !== "" ? payload : { ...payload, model };
}
