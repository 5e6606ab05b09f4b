import { z } from "zod";

/** Path of a handler or an open route. */
export const routeSchema = z
  .string()
  .regex(/^\/[^\s?#*:\p{Cs}]*$/u, 'expected a path that begins with "/" and has no "?", "#", "*" or ":"');

/** Path of a handler: a segment `:name` stands for any one segment. */
export const handlerRouteSchema = z
  .string()
  .regex(
    /^(?:\/(?::[A-Za-z_]\w*|[^\s?#*:/\p{Cs}]*))+$/u,
    'expected a path that begins with "/", has no "?", "#" or "*", and ":" only in segments such as ":id"',
  );

/** Whether a path has segments that stand for any. */
export const hasParameters = (route: string): boolean => route.includes("/:");

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

const PARAMETER = /\/:(\w+)/g;

/** What matters of a path: the names of parameters do not. */
export const patternOf = (route: string): string => encodedPath(route.replace(PARAMETER, "/:"));

/**
 * The path on the model server for a request to a route with parameters.
 *
 * @param path as the client sent it; it matches the route.
 * @param modelRoute its segments `:name` are replaced by those of the client's path.
 */
export function modelPathOf(route: string, path: string, modelRoute: string): string {
  if (modelRoute === route) return path;
  const names = route.split("/");
  const segments = path.split("/");
  return modelRoute.replace(PARAMETER, (text, name: string) => {
    const index = names.indexOf(`:${name}`);
    return index < 0 ? text : `/${segments[index] ?? ""}`;
  });
}

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
