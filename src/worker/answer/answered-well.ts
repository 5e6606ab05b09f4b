import type { RouteMetrics } from "../metrics/route-metrics.js";

/** Number of requests to these routes that have ended with an answer that is no error. */
export function answeredWell(routes: readonly RouteMetrics[]): number {
  let count = 0;
  for (const route of routes) {
    for (const [status, ended] of route.statuses()) if (status < 400) count += ended;
  }
  return count;
}
