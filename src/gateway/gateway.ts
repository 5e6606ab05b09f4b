import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { TsworkerError } from "../shared/errors.js";
import { httpUrl } from "../shared/listen.js";
import { createLog, type Log } from "../shared/log.js";
import { ApiKeys } from "../worker/auth/api-keys.js";
import { type PlainAccess, plainAccessOf } from "../worker/auth/plain-access.js";
import { headFault } from "../worker/request/plain-head.js";
import { requestIdOf } from "../worker/request/request-id.js";
import { answers } from "../worker/server/answer.js";
import { chooseServer } from "../worker/server/choose-server.js";
import type {
  HttpServer,
  Listen,
  ListenOptions,
  RequestHead,
  Responder,
} from "../worker/server/http-server.js";
import { MappedHeads } from "../worker/server/mapped-heads.js";
import { fromWorker, type GatewayAnswer, gatewayAnswers, limitAnswer } from "./gateway-answers.js";
import { EndpointMetrics, metricsText } from "./gateway-metrics.js";
import { type CheckedGatewayOptions, checkedGatewayOptions, type GatewayOptions } from "./gateway-options.js";
import { type AcceptedTarget, type GatewayContext, GatewayRequest } from "./gateway-request.js";
import { HeldBytes } from "./held-bytes.js";
import { isModelPath, ModelList } from "./model-list.js";
import { Routing } from "./routing.js";
import { targetOf } from "./target.js";
import { sendAnswer } from "./worker-answer.js";
import { Workers } from "./workers.js";

/** Milliseconds in which the last bytes of answers are sent before connections are closed. */
const LAST_BYTES_MS = 1000;
const POLL_MS = 20;
/** Milliseconds that requests in progress may take when the gateway drains. */
const DRAIN_MS = 600_000;

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "it is taken",
  EACCES: "this user may not use it",
  EADDRNOTAVAIL: "this machine has no such address",
};

/**
 * A server with OpenAI's API in front of a serverless engine: it takes plain requests of any client at `/<endpoint>/v1/…`,
 * and at `/v1/…` where there is one endpoint, has the engine name a worker, sends it the signed request, and relays the
 * answer. Requests are tried again at another worker until the first byte of an answer. It keeps no state: several may run
 * behind a load balancer.
 *
 * @example
 * ```ts
 * import { Gateway } from "tsworker/gateway";
 *
 * const gateway = new Gateway({ endpoints: ["my-endpoint"], apiKey: process.env.VAST_API_KEY });
 * console.log(await gateway.start()); // http://127.0.0.1:4000
 * process.once("SIGTERM", () => gateway.drain());
 * ```
 */
export class Gateway {
  readonly #options: CheckedGatewayOptions;
  readonly #log: Log;
  readonly #context: GatewayContext;
  readonly #models: ModelList;
  readonly #metrics = new Map<string, EndpointMetrics>();
  readonly #servers: HttpServer[] = [];
  #keys: ApiKeys | undefined;
  #access: PlainAccess | undefined;
  #isDraining = false;

  /** @throws {TsworkerError} `CONFIG_INVALID`, with all errors. */
  constructor(options: GatewayOptions) {
    const checked = checkedGatewayOptions(options);
    const { engine, endpoints } = checked;
    this.#options = checked;
    const keys = [engine.apiKey, ...endpoints.map(({ apiKey = "" }) => apiKey)];
    // A key as short as a word would be replaced everywhere.
    this.#log = createLog(
      checked.logLevel,
      keys.filter((key) => key.length >= 8),
    );
    const routing = new Routing(engine);
    const workers = new Workers(checked.authorities);
    this.#models = new ModelList(checked, routing, workers);
    for (const { name } of endpoints) this.#metrics.set(name, new EndpointMetrics(name));
    this.#context = {
      options: checked,
      routing,
      workers,
      held: new HeldBytes(checked.maxHeldBytes),
      log: this.#log,
      metricsOf: (endpoint) => this.#metrics.get(endpoint) ?? new EndpointMetrics(endpoint),
      requests: new Set(),
    };
  }

  /** Requests that have not ended. */
  get active(): number {
    return this.#context.requests.size;
  }

  /** Base URL of the gateway. */
  get url(): string {
    return httpUrl(this.#options.host, this.#options.port);
  }

  /**
   * Listens.
   *
   * @returns the base URL.
   * @throws {TsworkerError} `PORT_UNAVAILABLE`, `SERVER_UNAVAILABLE`; `CONFIG_INVALID` for a file of keys that has errors.
   */
  async start(): Promise<string> {
    const { host, port, metricsHost, metricsPort, server, keys, keysFile, anywhere } = this.#options;
    const hasKeys = keys.length > 0 || keysFile !== undefined;
    this.#keys = hasKeys ? new ApiKeys(keys, keysFile, this.#log) : undefined;
    this.#access = plainAccessOf(
      hasKeys ? { mode: "apiKey", keys, keysFile } : { mode: "open", host, anywhere },
      this.#keys,
      [],
    );
    const listen = await chooseServer(server, undefined, this.#log);
    const add = async (address: Pick<ListenOptions, "host" | "port">, handle: Handle): Promise<void> => {
      this.#servers.push(await listenAt(listen, address, handle));
    };
    await add({ host, port }, (request, responder) => this.#handle(request, responder));
    try {
      if (metricsPort !== undefined) {
        await add({ host: metricsHost, port: metricsPort }, (request, responder) =>
          this.#handleOperator(request, responder),
        );
      }
    } catch (error) {
      this.stop();
      throw error;
    }
    this.#log.info({ url: this.url, endpoints: [...this.#metrics.keys()] }, "gateway listens");
    return this.url;
  }

  /**
   * Ends without a lost request: new ones are answered 503 and their connections are closed, those in progress finish; then
   * it stops.
   *
   * @param limitMs milliseconds that requests in progress may take. @default 600000
   */
  async drain(limitMs: number = DRAIN_MS): Promise<void> {
    this.#isDraining = true;
    this.#log.info({ active: this.active }, "gateway drains");
    const until = performance.now() + limitMs;
    while (this.active > 0 && performance.now() < until) await sleep(POLL_MS);
    const [open] = this.#servers;
    if (open !== undefined) {
      await open.stopListening();
      const last = performance.now() + LAST_BYTES_MS;
      while (open.connections > 0 && performance.now() < last) await sleep(POLL_MS);
    }
    this.stop();
  }

  /** Closes its ports and all connections. */
  stop(): void {
    this.#isDraining = true;
    for (const request of this.#context.requests) request.abort();
    for (const server of this.#servers.splice(0)) server.close();
    this.#context.workers.close();
    this.#context.routing.close();
    this.#keys?.close();
    this.#log.info("gateway stopped");
  }

  #handle(request: RequestHead, responder: Responder): void {
    const { path, method } = request;
    if (path === "/healthz") {
      this.#answerHealth(responder);
      return;
    }
    const requestId = requestIdOf(request) ?? randomUUID();
    const accepted = this.#accept(request);
    const key = "status" in accepted ? undefined : accepted.key;
    const own = new MappedHeads(responder, (head) => ({
      ...head,
      headers: [...head.headers, "x-request-id", requestId, ...(key?.limitHeaders(performance.now()) ?? [])],
    }));
    if ("status" in accepted) {
      const { status } = accepted;
      this.#log.info({ requestId, method, path: path.slice(0, 200), status }, "request refused");
      sendAnswer(own, accepted);
    } else if (isModelPath(accepted.path)) {
      this.#answerModels(accepted, own, requestId);
    } else new GatewayRequest(this.#context, accepted, request, own, requestId);
  }

  /** Where a request goes, and for whom; or why it is refused. */
  #accept(request: RequestHead): AcceptedTarget | GatewayAnswer {
    if (this.#isDraining) return gatewayAnswers.draining();
    const caller = this.#access?.check(request) ?? { kind: "refused", answer: answers.missingKey() };
    if (caller.kind === "refused") return fromWorker(caller.answer);
    const fault = headFault(request);
    if (fault !== undefined) return fromWorker(fault);
    const target = targetOf(request.path, this.#options.endpoints);
    if ("status" in target) return target;
    const allowed = isModelPath(target.path) ? "GET" : "POST";
    const isAllowed = request.method === allowed || (allowed === "GET" && request.method === "HEAD");
    if (!isAllowed) return gatewayAnswers.wrongMethod(allowed);
    const key = caller.kind === "key" ? caller.key : undefined;
    const refusal = allowed === "POST" ? key?.refusal(0, performance.now()) : undefined;
    return refusal === undefined ? { ...target, key } : limitAnswer(refusal);
  }

  #answerModels({ endpoint, path }: AcceptedTarget, responder: Responder, requestId: string): void {
    // Nothing is awaited of the body of a GET, but the responder learns in this way that the client has left.
    responder.receive(0, {
      onPiece: () => {},
      onTooLarge: () => {},
      onTooSlow: () => {},
      onDisconnect: () => {},
    });
    const answer = (found: GatewayAnswer): void => {
      this.#log.info({ requestId, endpoint: endpoint.name, path, status: found.status }, "models listed");
      sendAnswer(responder, found);
    };
    this.#models.answer(endpoint, path).then(answer, (error: unknown) => {
      this.#log.error({ err: error, requestId }, "request handling failed");
      answer(gatewayAnswers.gatewayFailed());
    });
  }

  #handleOperator({ path }: RequestHead, responder: Responder): void {
    if (path === "/healthz") this.#answerHealth(responder);
    else if (path === "/metrics") {
      const [open] = this.#servers;
      const text = metricsText({
        endpoints: [...this.#metrics.values()],
        heldBytes: this.#context.held.used,
        connections: open?.connections ?? 0,
      });
      const type = ["content-type", "text/plain; version=0.0.4; charset=utf-8"];
      responder.answer({ status: 200, headers: type, isAscii: true }, text);
    } else responder.answer({ status: 404, headers: [], isAscii: true }, "");
  }

  /** A gateway that drains is not healthy, so that a load balancer sends its clients elsewhere. */
  #answerHealth(responder: Responder): void {
    const ok = !this.#isDraining;
    responder.answer(
      { status: ok ? 200 : 503, headers: ["content-type", "application/json"], isAscii: true },
      JSON.stringify({ ok, active: this.active }),
    );
  }
}

type Handle = (request: RequestHead, responder: Responder) => void;

/** @throws {TsworkerError} `PORT_UNAVAILABLE`. */
async function listenAt(
  listen: Listen,
  { host, port }: Pick<ListenOptions, "host" | "port">,
  handle: Handle,
): Promise<HttpServer> {
  try {
    return await listen({
      host,
      port,
      certificate: undefined,
      endpoints: [{ path: "/*", handle }],
      sockets: [],
    });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    throw new TsworkerError(
      "PORT_UNAVAILABLE",
      `cannot listen on port ${port} of ${host}: ${REASONS[code] ?? String(cause)}; choose another port`,
      { cause },
    );
  }
}
