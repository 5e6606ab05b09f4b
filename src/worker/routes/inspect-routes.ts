import { timingSafeEqual } from "node:crypto";
import type { PageFile } from "../../inspector/server/page-files.js";
import { isLoopback } from "../../shared/url.js";
import { answers, sendAnswer } from "../server/answer.js";
import type { HttpEndpoint, RequestHead, SocketEndpoint } from "../server/http-server.js";
import { type Pages, turnedAway } from "./inspect-pages.js";

export interface InspectRoutesOptions {
  readonly pages: Pages;
  readonly files: readonly PageFile[];
  /** Undefined: every client that reaches the port may connect. */
  readonly token: string | undefined;
}

/** The inspector's page and its socket. */
export interface InspectRoutes {
  readonly endpoints: readonly HttpEndpoint[];
  readonly socket: SocketEndpoint;
}

/** No page of the inspector loads anything from elsewhere, or is embedded in another page. */
const SECURITY_HEADERS = [
  "content-security-policy",
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
  "x-content-type-options",
  "nosniff",
  "referrer-policy",
  "no-referrer",
  "cache-control",
  "no-cache",
];

/** A page sends nothing. */
const MAX_MESSAGE_BYTES = 1024;

export function inspectRoutes({ pages, files, token }: InspectRoutesOptions): InspectRoutes {
  return {
    endpoints: [...files.map(fileEndpoint), redirect],
    socket: {
      path: "/inspect/socket",
      maxMessageBytes: MAX_MESSAGE_BYTES,
      accept: (request) => {
        const fault = !isOwnPage(request, token) ? "origin" : hasToken(request, token) ? undefined : "token";
        return (socket) => (fault === undefined ? pages.accept(socket) : turnedAway(socket, fault));
      },
    },
  };
}

/** The page names its files relative to the address without the slash. */
const redirect: HttpEndpoint = {
  path: "/inspect/",
  handle: ({ query }, responder) =>
    responder.answer(
      { status: 307, headers: ["location", `../inspect${query && `?${query}`}`], isAscii: false },
      "",
    ),
};

const fileEndpoint = ({ path, contentType, body }: PageFile): HttpEndpoint => ({
  path: path === "" ? "/inspect" : `/inspect/${path}`,
  handle: ({ method }, responder) => {
    if (method !== "GET" && method !== "HEAD") sendAnswer(responder, answers.wrongMethod("GET, HEAD"));
    else
      responder.answer(
        { status: 200, headers: ["content-type", contentType, ...SECURITY_HEADERS], isAscii: true },
        body,
      );
  },
});

/**
 * Whether a socket was opened by this worker's own page, or by no page at all. Other sites' pages may open sockets to
 * wherever the browser can reach, and without a token they could come under a name of their own that leads here.
 */
function isOwnPage(request: RequestHead, token: string | undefined): boolean {
  const host = request.header("host");
  if (token === undefined && !isLoopback(hostOf(`http://${host}`))) return false;
  const origin = request.header("origin");
  return origin === "" || hostAndPortOf(origin) === host;
}

const urlOf = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined);
const hostOf = (url: string): string => urlOf(url)?.hostname ?? "";
const hostAndPortOf = (url: string): string => urlOf(url)?.host ?? "";

function hasToken({ query }: RequestHead, token: string | undefined): boolean {
  if (token === undefined) return true;
  const given = Buffer.from(new URLSearchParams(query).get("token") ?? "");
  const expected = Buffer.from(token);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
