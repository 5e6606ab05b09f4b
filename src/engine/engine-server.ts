import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { corsHeaders, preflightHeaders } from "../cors-headers.js";
import { close, httpUrl, listen } from "../stand-in/listen.js";
import { BodyTooLarge, readBody } from "../stand-in/read-body.js";
import { type EngineAnswer, refusal, send, target } from "./exchange.js";
import { type Outage, strikes } from "./outage.js";
import type { Method, Router } from "./router.js";

/** Longest body taken; a longer one is answered 413. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

interface EngineServerInput {
  readonly host: string;
  /** 0: any free one, the same one for as long as the object lives. */
  readonly port: number;
  /** Origins whose pages may call, or `*`. */
  readonly cors: readonly string[];
  readonly router: Router;
  /** Told of every request that is not answered 2xx. */
  readonly onRefused: (path: string, reason: string) => void;
  /** Told of what should not have happened. */
  readonly onFault: (fault: string) => void;
}

/** What the routes take from pages of other origins. */
const PREFLIGHT = { methods: "GET, POST, PUT, DELETE", headers: "*, authorization" };

/** The engine's HTTP side: listens, reads requests, looks up their routes, and fails on demand. */
export class EngineServer {
  readonly #input: EngineServerInput;
  readonly #origins: ReadonlySet<string>;
  #server: Server | undefined;
  #port: number | undefined;
  #outage: Outage | undefined;
  /** Whether it should listen: an outage that is over must not wake a stopped engine. */
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

  /** Fails in this way from now on; undefined: in none. */
  async fail(outage: Outage | undefined): Promise<void> {
    this.#outage = outage;
    if (outage?.kind === "refuse") await this.#close();
    else await this.#listen();
  }

  async #listen(): Promise<void> {
    if (this.#server || !this.#isStarted || this.#outage?.kind === "refuse") return;
    const server = createServer((request, response) => void this.#handle(request, response));
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
    if (outage && strikes(outage, path)) {
      this.#strike(outage, path, request, response);
      return;
    }
    if (this.#isLetIn(request, response)) return;
    const body = await textOf(request);
    if (body === undefined) return;
    const answer = this.#answer(path, query, request, body);
    if (answer.status >= 300) this.#input.onRefused(path, `answered ${answer.status}`);
    try {
      send(response, answer);
    } catch (error) {
      send(response, this.#fault(path, error));
    }
  }

  /** Says who may read the answer. @returns whether that was all that was asked. */
  #isLetIn(request: IncomingMessage, response: ServerResponse): boolean {
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

  #answer(
    path: string,
    query: URLSearchParams,
    request: IncomingMessage,
    body: string | BodyTooLarge,
  ): EngineAnswer {
    const route = this.#input.router.find(path);
    if ("status" in route) return route;
    const { methods, id } = route;
    const answer = methods[request.method as Method];
    if (!answer) {
      const allowed = Object.keys(methods).join(", ");
      return refusal(405, `${path} takes ${allowed}, got ${request.method}`, { allow: allowed });
    }
    if (body instanceof BodyTooLarge) return refusal(413, body.message);
    const { authorization } = request.headers;
    const isEmpty = request.method === "GET" || (request.method === "DELETE" && body.trim() === "");
    const parsed = isEmpty ? { value: undefined } : parsedJson(body);
    if (parsed === undefined) return refusal(400, "the body is not JSON");
    try {
      return answer({ authorization, query, id, body: parsed.value });
    } catch (error) {
      return this.#fault(path, error);
    }
  }

  /** Who asked is told, whatever went wrong, and the engine goes on. */
  #fault(path: string, error: unknown): EngineAnswer {
    this.#input.onFault(`${path} failed: ${error instanceof Error ? error.stack : String(error)}`);
    return refusal(500, "the engine failed at this; a notice says why");
  }

  #strike(outage: Outage, path: string, request: IncomingMessage, response: ServerResponse): void {
    this.#input.onRefused(path, `outage: ${outage.kind}`);
    request.on("error", () => {}); // The client may well give up while it still sends.
    request.resume();
    if (outage.kind === "status") send(response, refusal(outage.status, "an outage is being rehearsed"));
    else if (outage.kind !== "hang") request.socket.destroy();
  }
}

/** A request's body; undefined: the client went away, or the engine was stopped, and nobody is to be answered. */
async function textOf(request: IncomingMessage): Promise<string | BodyTooLarge | undefined> {
  try {
    return (await readBody(request, MAX_BODY_BYTES)).toString("utf8");
  } catch (error) {
    return error instanceof BodyTooLarge ? error : undefined;
  }
}

function parsedJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
