import { z } from "zod";
import { isHttpUrl } from "./url.js";

/** An origin whose pages may call, or `*` for any. */
export const originSchema = z
  .string()
  .refine(
    (text) => text === "*" || (isHttpUrl(text) && new URL(text).origin === text),
    'expected an origin such as "https://app.example.com", without a path, or "*"',
  );

/** Seconds for which a browser caches the answer to a preflight. */
const PREFLIGHT_MAX_AGE_S = "7200";

/** Methods and headers that a preflight request may use. */
interface Preflight {
  readonly methods: string;
  /** Request headers. `*` means all but `Authorization`, which has to be named. */
  readonly headers: string;
}

/**
 * Headers by which pages of other origins may read a response, names and values in turn.
 *
 * @param origin of the page; empty: the request has no `Origin`.
 * @param allowed origins such as `https://app.example.com`, or `*` for any.
 */
export function corsHeaders(origin: string, allowed: ReadonlySet<string>): string[] {
  const headers = ["vary", "origin"];
  if (!isAllowedOrigin(origin, allowed)) return headers;
  return [...headers, "access-control-allow-origin", origin, "access-control-expose-headers", "*"];
}

/** Headers of the answer to a preflight request, names and values in turn; undefined: the origin is not allowed. */
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
    ...["access-control-max-age", PREFLIGHT_MAX_AGE_S],
  ];
}

/** Whether pages of an origin may call. */
export function isAllowedOrigin(origin: string, allowed: ReadonlySet<string>): boolean {
  return origin !== "" && (allowed.has("*") || allowed.has(origin));
}
