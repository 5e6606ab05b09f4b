import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
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
  readonly router: Router;
  /** Told of every request that is not answered 2xx. */
  readonly onRefused: (path: string, reason: string) => void;
}

/** The engine's HTTP side: listens, reads requests, looks up their routes, and fails on demand. */
export class EngineServer {
  readonly #input: EngineServerInput;
  #server: Server | undefined;
  #port: number | undefined;
  #outage: Outage | undefined;
  /** Whether it should listen: an outage that is over must not wake a stopped engine. */
  #isStarted = false;

  constructor(input: EngineServerInput) {
    this.#input = input;
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
    let answer: EngineAnswer;
    try {
      answer = await this.#answer(path, query, request);
    } catch {
      return; // The client went away, or the engine was stopped, while the body came: nobody to answer.
    }
    if (answer.status >= 300) this.#input.onRefused(path, `answered ${answer.status}`);
    send(response, answer);
  }

  async #answer(path: string, query: URLSearchParams, request: IncomingMessage): Promise<EngineAnswer> {
    const route = this.#input.router.find(path);
    if ("status" in route) return route;
    const { methods, id } = route;
    const answer = methods[request.method as Method];
    if (!answer) {
      const allowed = Object.keys(methods).join(", ");
      return refusal(405, `${path} takes ${allowed}, got ${request.method}`, { allow: allowed });
    }
    const { authorization } = request.headers;
    if (request.method === "GET") return answer({ authorization, query, id, body: undefined });
    try {
      const text = await readBody(request, MAX_BODY_BYTES);
      const hasNone = request.method === "DELETE" && text.trim() === "";
      const body: unknown = hasNone ? undefined : JSON.parse(text);
      return answer({ authorization, query, id, body });
    } catch (error) {
      if (error instanceof BodyTooLarge) return refusal(413, error.message);
      if (error instanceof SyntaxError) return refusal(400, "the body is not JSON");
      throw error;
    }
  }

  #strike(outage: Outage, path: string, request: IncomingMessage, response: ServerResponse): void {
    this.#input.onRefused(path, `outage: ${outage.kind}`);
    request.on("error", () => {}); // The client may well give up while it still sends.
    request.resume();
    if (outage.kind === "status") send(response, refusal(outage.status, "an outage is being rehearsed"));
    else if (outage.kind !== "hang") request.socket.destroy();
  }
}
