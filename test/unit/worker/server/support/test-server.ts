import type {
  BodyWriter,
  ClientSocket,
  HttpEndpoint,
  HttpServer,
  Listen,
  ListenOptions,
  RequestHead,
  RequestSink,
  Responder,
  SocketEndpoint,
  SocketSink,
  WriterSink,
} from "../../../../../src/worker/server/http-server.js";
import { NODE_LIMITS, type NodeLimits } from "../../../../../src/worker/server/node/limits.js";
import { listenNode } from "../../../../../src/worker/server/node/listen.js";
import { listenUws } from "../../../../../src/worker/server/uws/listen.js";
import { freePort } from "../../../../support/free-port.js";

/** Both implementations of the server. */
export const SERVERS = [
  ["uWebSockets.js", listenUws],
  ["node:http", listenNode],
] as const satisfies readonly (readonly [name: string, listen: Listen])[];

/** A server for one test. */
export class TestServer {
  readonly server: HttpServer;
  readonly port: number;
  readonly url: string;

  private constructor(server: HttpServer, port: number, protocol: string) {
    this.server = server;
    this.port = port;
    this.url = `${protocol}://127.0.0.1:${port}`;
  }

  /** Starts a server of `node:http`. */
  static start(options: Partial<ListenOptions>, limits: Partial<NodeLimits> = {}): Promise<TestServer> {
    return TestServer.of((all) => listenNode(all, { ...NODE_LIMITS, ...limits }), options);
  }

  static async of(listen: Listen, options: Partial<ListenOptions>): Promise<TestServer> {
    const port = options.port ?? (await freePort());
    const server = await listen({
      host: "127.0.0.1",
      certificate: undefined,
      endpoints: [],
      sockets: [],
      ...options,
      port,
    });
    return new TestServer(server, port, options.certificate === undefined ? "http" : "https");
  }

  renewCertificate(): Promise<void> {
    return this.server.renewCertificate();
  }

  stop(): void {
    this.server.close();
  }
}

export const endpoint = (
  path: string,
  handle: (request: RequestHead, responder: Responder) => void,
): HttpEndpoint => ({ path, handle });

export const text = (status: number, ...headers: string[]) => ({ status, headers, isAscii: true });

/** Records what a request and its answer report, in order. */
export class RequestRecorder implements RequestSink, WriterSink {
  readonly events: string[] = [];
  body: Buffer | undefined;
  readonly #pieces: Buffer[] = [];
  #responder: Responder | undefined;
  #writer: BodyWriter | undefined;
  /** Called with each event. */
  readonly #react: (event: string, recorder: RequestRecorder) => void;

  constructor(react: (event: string, recorder: RequestRecorder) => void = () => {}) {
    this.#react = react;
  }

  /** An endpoint that receives up to so many bytes and leaves the rest to the test. */
  endpoint(path: string, limit = 1_000_000): HttpEndpoint {
    return endpoint(path, (_, responder) => {
      this.#pieces.length = 0;
      this.#responder = responder;
      responder.receive(limit, this);
    });
  }

  get responder(): Responder {
    if (this.#responder === undefined) throw new Error("no request came");
    return this.#responder;
  }

  get writer(): BodyWriter {
    if (this.#writer === undefined) throw new Error("the answer was not begun");
    return this.#writer;
  }

  begin(length?: number): BodyWriter {
    this.#writer = this.responder.begin(text(200), length, this);
    return this.#writer;
  }

  onPiece(piece: Buffer, isLast: boolean): void {
    this.#pieces.push(Buffer.from(piece));
    if (!isLast) return;
    this.body = Buffer.concat(this.#pieces);
    this.#record("body");
  }
  onTooLarge(): void {
    this.#record("too large");
  }
  onTooSlow(): void {
    this.#record("too slow");
  }
  onDisconnect(): void {
    this.#record("disconnect");
  }
  onDrain(): void {
    this.#record("drain");
  }
  onFinish(): void {
    this.#record("finish");
  }

  #record(event: string): void {
    this.events.push(event);
    this.#react(event, this);
  }
}

/** The worker's end of WebSockets at a path; records what the last one reports. */
export class SocketRecorder implements SocketSink {
  readonly events: string[] = [];
  readonly frames: { readonly frame: Buffer; readonly isBinary: boolean }[] = [];
  readonly #onFrame: (server: SocketRecorder) => void;
  drains = 0;
  #socket: ClientSocket | undefined;

  constructor(onFrame: (server: SocketRecorder) => void = () => {}) {
    this.#onFrame = onFrame;
  }

  endpoint(path: string, maxMessageBytes = 100_000_000): SocketEndpoint {
    return {
      path,
      maxMessageBytes,
      accept: ({ query }) => {
        this.events.push(`accept ${query}`);
        return (socket) => {
          this.#socket = socket;
          this.events.push("open");
          return this;
        };
      },
    };
  }

  get socket(): ClientSocket {
    if (this.#socket === undefined) throw new Error("no socket was opened");
    return this.#socket;
  }

  onFrame(frame: Buffer, isBinary: boolean): void {
    this.frames.push({ frame: Buffer.from(frame), isBinary });
    this.#onFrame(this);
  }
  onDrain(): void {
    this.drains++;
  }
  onClose(code: number, reason: string): void {
    this.events.push(`close ${code} ${reason}`);
  }
}
