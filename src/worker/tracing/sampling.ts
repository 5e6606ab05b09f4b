import type { TracingSettings } from "../config/tracing-settings.js";
import type { TraceContext } from "./trace-context.js";

/** The last 56 bits of a trace id are random; so many digits of it are a fraction of 2^56. */
const RANDOM_DIGITS = 14;
const RANDOM_LIMIT = 2 ** 56;

/**
 * Whether a request is recorded. Every service with the same ratio decides the same about a trace.
 *
 * @param parent span of the client that the request belongs to.
 */
export function isSampled(
  { sampler, ratio }: Pick<TracingSettings, "sampler" | "ratio">,
  traceId: string,
  parent: TraceContext | undefined,
): boolean {
  const own = sampler.replace(/^parentbased_/, "");
  if (own !== sampler && parent !== undefined) return parent.isSampled;
  switch (own) {
    case "always_on":
      return true;
    case "always_off":
      return false;
    default:
      return Number.parseInt(traceId.slice(-RANDOM_DIGITS), 16) >= (1 - ratio) * RANDOM_LIMIT;
  }
}
