/**
 * How the engine fails while an outage is rehearsed.
 *
 * - `status`: every request is answered with this status (300 to 599).
 * - `hang`: requests are accepted and never answered; those connections end when the engine stops.
 * - `drop`: the connection is destroyed as soon as a request has come in.
 * - `refuse`: the engine does not listen; its state is kept.
 *
 * `paths` limits the first three to some paths, such as `["/worker_status/"]`; default: all.
 */
export type Outage =
  | { readonly kind: "status"; readonly status: number; readonly paths?: readonly string[] }
  | { readonly kind: "hang"; readonly paths?: readonly string[] }
  | { readonly kind: "drop"; readonly paths?: readonly string[] }
  | { readonly kind: "refuse" };

/** Whether a request to `path` falls into the outage. A slash at the end makes no difference. */
export function strikes(outage: Outage | undefined, path: string): outage is Outage {
  if (outage === undefined) return false;
  if (outage.kind === "refuse" || outage.paths === undefined) return true;
  return outage.paths.some((struck) => withoutSlash(struck) === withoutSlash(path));
}

/** Clients write `/route/` and `/route`: both mean the same. */
export function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}
