/** Seconds for which a browser remembers what it may send. */
const REMEMBERED_S = "7200";

/** What a browser that asks before it sends is told. */
export interface Preflight {
  /** Methods that are taken. */
  readonly methods: string;
  /** Headers that may be sent. `*` means all but `Authorization`, which has to be named. */
  readonly headers: string;
}

/**
 * Headers by which pages of other origins may read an answer, names and values in turn.
 *
 * @param origin of the page; empty: the request names none.
 * @param allowed origins such as `https://app.example.com`, or `*` for any.
 */
export function corsHeaders(origin: string, allowed: ReadonlySet<string>): string[] {
  const headers = ["vary", "origin"];
  if (!isAllowedOrigin(origin, allowed)) return headers;
  return [...headers, "access-control-allow-origin", origin, "access-control-expose-headers", "*"];
}

/** The same for an answer to a preflight; undefined: the origin may not call. */
export function preflightHeaders(
  origin: string,
  allowed: ReadonlySet<string>,
  { methods, headers }: Preflight,
): string[] | undefined {
  if (!isAllowedOrigin(origin, allowed)) return undefined;
  return [
    ...corsHeaders(origin, allowed),
    ...["access-control-allow-methods", methods],
    ...["access-control-allow-headers", headers],
    ...["access-control-max-age", REMEMBERED_S],
  ];
}

/** Whether pages of an origin may call. */
export function isAllowedOrigin(origin: string, allowed: ReadonlySet<string>): boolean {
  return origin !== "" && (allowed.has("*") || allowed.has(origin));
}
