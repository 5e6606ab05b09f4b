import { z } from "zod";

/** Path of a handler or an open route. */
export const routeSchema = z
  .string()
  .regex(/^\/[^\s?#*:\p{Cs}]*$/u, 'expected a path that begins with "/" and has no "?", "#", "*" or ":"');

/** Path on the model server. */
export const modelRouteSchema = z
  .string()
  .regex(/^\/[^\s?#\p{Cs}]*$/u, 'expected a path that begins with "/" and has no "?" or "#"');

/** Routes of the worker itself, on the port of the handlers. */
export const RESERVED_ROUTES: readonly string[] = [
  "/session/create",
  "/session/get",
  "/session/health",
  "/session/end",
  "/pyworker/update",
];

/** Characters that `fetch` and browsers percent-encode in a path (WHATWG URL, path percent-encode set). */
const ENCODED = /[^\x21-\x7e\p{Cs}]|["<>`{}]/gu;
const ESCAPE = /%[\da-f]{2}/gi;

/** The path as most clients send it: percent-encoded where required, with escapes in upper case. */
export const encodedPath = (path: string): string =>
  escaped(path).replace(ESCAPE, (code) => code.toUpperCase());

const escaped = (path: string): string => path.replace(ENCODED, encodeURIComponent);

/** All forms in which clients may send a path: as written in the configuration, and percent-encoded. A plain one has a single form. */
export function pathForms(path: string): readonly string[] {
  const encoded = encodedPath(path);
  const inLowerCase = encoded.replace(ESCAPE, (code) => code.toLowerCase());
  return [...new Set([path, escaped(path), encoded, inLowerCase])];
}
