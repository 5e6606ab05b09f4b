import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { corsHeaders, preflightHeaders } from "../../shared/cors.js";
import { close, httpUrl, listen } from "../../shared/listen.js";
import { type Admission, admittedBody, wholeBody } from "./admission.js";
import { crossOriginRefusal } from "./cross-origin.js";
import { type EngineAnswer, inForm, refusal, send, target } from "./exchange.js";
import type { FoundRoute, Method, Router } from "./router.js";

/** Milliseconds that a request may take to arrive. */
const REQUEST_MS = 60_000;
/** Milliseconds that an idle connection is kept: Python's clients reuse one after up to 75 s, and do not retry. */
const KEEP_ALIVE_MS = 90_000;

interface EngineServerInput {
  readonly host: string;
  /** 0: a free one, which stays the same while the object lives. */
  readonly port: number;
  /** Origins whose pages may call, or `*`. */
  readonly cors: readonly string[];
  readonly router: Router;
  readonly admission: Admission;
  /** Called for every request that is not answered 2xx. */
  readonly onRefused: (path: string, reason: string) => void;
  /** Called with an internal error. */
  readonly onError: (error: string) => void;
}

/** Methods and headers that pages of allowed origins may send. */
const PREFLIGHT = { methods: "GET, POST, PUT, DELETE", headers: "*, authorization" };

/** The engine's HTTP server. It can simulate outages. */
export class EngineServer {
  readonly #input: EngineServerInput;
  readonly #origins: ReadonlySet<string>;
  #server: Server | undefined;
  #port: number | undefined;
  #outage: Outage | undefined;
  /** Whether it should listen: the end of an outage must not start a stopped engine. */
  #isStarted = false;

  constructor(input: EngineServerInput) {
    this.#input = input;
    this.#origins = new Set(input.cors);
  }

  /** Base URL; undefined before the first start. */
  get url(): string | undefined {
    return this.#port === undefined ? undefined : httpUrl(this.#input.host, this.#port);
  }

  /**
   * Listens, unless it does already or an outage refuses connections.
   *
   * @throws {TsworkerError} `PORT_UNAVAILABLE`.
   */
  async start(): Promise<void> {
    this.#isStarted = true;
    await this.#listen();
  }

  /** Stops listening and destroys every connection. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    await this.#close();
  }

  /** Begins or, with undefined, ends an outage. */
  async fail(outage: Outage | undefined): Promise<void> {
    this.#outage = outage;
    if (outage?.kind === "refuse") await this.#close();
    else await this.#listen();
  }

  async #listen(): Promise<void> {
    if (this.#server || !this.#isStarted || this.#outage?.kind === "refuse") return;
    const server = createServer(
      { requestTimeout: REQUEST_MS, keepAliveTimeout: KEEP_ALIVE_MS },
      (request, response) => void this.#handle(request, response),
    );
    this.#server = server;
    try {
      this.#port = await listen(server, this.#input.host, this.#port ?? this.#input.port);
    } catch (error) {
      this.#server = undefined;
      throw error;
    }
  }

  async #close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server) await close(server);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path, query } = target(request);
    const outage = this.#outage;
    if (outage && affects(outage, path)) {
      this.#simulateOutage(outage, path, request, response);
      return;
    }
    const route = this.#input.router.find(path);
    const refused = crossOriginRefusal(request.headers, {
      host: this.#input.host,
      origins: this.#origins,
      takesForms: "formLimit" in route,
    });
    if (!refused && this.#writeCorsHeaders(request, response)) return;
    const answer = refused ?? (await this.#answer(route, path, query, request));
    if (answer === undefined) return;
    if (answer.status >= 300) this.#input.onRefused(path, `answered ${answer.status}`);
    try {
      send(request, response, answer);
    } catch (error) {
      send(request, response, this.#internalError(path, error));
    }
  }

  /** Sets the CORS headers. @returns whether the request was a preflight, which is answered then. */
  #writeCorsHeaders(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.#origins.size === 0) return false;
    const { origin = "" } = request.headers;
    const isPreflight =
      request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
    const permission = isPreflight ? preflightHeaders(origin, this.#origins, PREFLIGHT) : undefined;
    const headers = permission ?? corsHeaders(origin, this.#origins);
    for (const [index, name] of headers.entries()) {
      if (index % 2 === 0) response.setHeader(name, headers[index + 1] ?? "");
    }
    if (permission !== undefined) response.writeHead(204).end();
    return permission !== undefined;
  }

  /** The answer to a request; undefined: its client went away, or the engine was stopped. */
  async #answer(
    route: FoundRoute | EngineAnswer,
    path: string,
    query: URLSearchParams,
    request: IncomingMessage,
  ): Promise<EngineAnswer | undefined> {
    if ("status" in route) return inForm(route, path.startsWith("/api/") ? "account" : "plain");
    const answer = await this.#answerOf(route, path, query, request);
    return answer && inForm(answer, route.refusals ?? "plain");
  }

  async #answerOf(
    { methods, access, id, formLimit, mayBeEmpty = false }: FoundRoute,
    path: string,
    query: URLSearchParams,
    request: IncomingMessage,
  ): Promise<EngineAnswer | undefined> {
    const handler = methods[request.method as Method];
    if (!handler) {
      const allowed = Object.keys(methods).join(", ");
      return refusal(405, `${path} takes ${allowed}, got ${request.method}`, { allow: allowed });
    }
    const { admission } = this.#input;
    const { authorization } = request.headers;
    const isAdmitted = admission.byHead(access, { authorization, query });
    if (access === "account" && !isAdmitted) return refusal(401, "invalid api_key");
    const head = {
      authorization,
      query,
      id,
      isAdmitted,
      contentType: request.headers["content-type"] ?? "",
      origin: `http://${request.headers.host ?? new URL(this.url ?? "http://localhost").host}`,
    };
    if (formLimit !== undefined && request.method === "POST") {
      const limit = formLimit(query);
      const form = typeof limit === "number" ? await wholeBody(request, limit) : limit;
      if (!Buffer.isBuffer(form)) return form;
      return this.#handled(path, () => handler({ ...head, body: form }));
    }
    const text =
      request.method === "GET" ? "" : await admittedBody(request, { access, admission, isAdmitted });
    if (typeof text !== "string") return text;
    const isEmpty =
      request.method === "GET" || ((request.method === "DELETE" || mayBeEmpty) && text.trim() === "");
    const parsed = isEmpty ? { value: undefined } : parsedJson(text);
    if (parsed === undefined) return refusal(400, "the body is not JSON");
    return this.#handled(path, () => handler({ ...head, body: parsed.value }));
  }

  async #handled(path: string, handle: () => EngineAnswer | Promise<EngineAnswer>): Promise<EngineAnswer> {
    try {
      return await handle();
    } catch (error) {
      return this.#internalError(path, error);
    }
  }

  /** The client gets an answer without internals; a notice has the stack. */
  #internalError(path: string, error: unknown): EngineAnswer {
    this.#input.onError(`${path} failed: ${error instanceof Error ? error.stack : String(error)}`);
    return refusal(500, "the engine failed at this; a notice says why");
  }

  #simulateOutage(outage: Outage, path: string, request: IncomingMessage, response: ServerResponse): void {
    this.#input.onRefused(path, `outage: ${outage.kind}`);
    request.on("error", () => {}); // The client may give up while it still sends.
    request.resume();
    if (outage.kind === "status") send(request, response, refusal(outage.status, "simulated outage"));
    else if (outage.kind !== "hang") request.socket.destroy();
  }
}

function parsedJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/**
 * How the engine fails during a simulated outage.
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

/** Whether the outage applies to a request to `path`. A trailing slash makes no difference. */
export function affects(outage: Outage | undefined, path: string): outage is Outage {
  if (outage === undefined) return false;
  if (outage.kind === "refuse" || outage.paths === undefined) return true;
  return outage.paths.some((affected) => withoutSlash(affected) === withoutSlash(path));
}

/** Clients write `/route/` and `/route`: both mean the same. */
export function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}
