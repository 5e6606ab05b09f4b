import type { TemplatedApp, WebSocket } from "uWebSockets.js";
import type { ClientSocket, SocketEndpoint, SocketSink } from "../http-server.js";
import type { RequestFraming } from "../request-framing.js";
import { UwsRequestHead } from "./request-head.js";
import { refuseAndClose, statusLine } from "./responder.js";

/** Seconds without a frame, a ping or a pong after which the server closes a socket; it sends a ping before. */
const IDLE_TIMEOUT_S = 60;
/** Bytes waiting for a client, beyond which the producer must pause. */
const HIGH_WATER = 64 * 1024;
/** Pings that a client may send while it does not read: the answers are kept in memory. */
const MAX_UNREAD_PONGS = 1000;

/**
 * Bytes of a client's message. The server buffers a message until it is complete, also before the client is verified;
 * uvicorn, on which most model servers run, has the same limit by default (`--ws-max-size`).
 */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** Of the protocol, RFC 6455 §4.2.1. */
const VERSION = "13";

/** Attached to each socket of uWebSockets.js. */
interface UserData {
  readonly open: (socket: ClientSocket) => SocketSink;
  socket?: UwsSocket;
}

/** A client's WebSocket on uWebSockets.js. */
class UwsSocket implements ClientSocket {
  /** Undefined as soon as it is closed: it must not be used any more. */
  #socket: WebSocket<UserData> | undefined;
  sink: SocketSink | undefined;
  readonly #maxMessageBytes: number;
  #full = false;
  #unreadPongs = 0;

  constructor(socket: WebSocket<UserData>, maxMessageBytes: number) {
    this.#socket = socket;
    this.#maxMessageBytes = maxMessageBytes;
  }

  send(frame: Buffer, isBinary: boolean): boolean {
    const socket = this.#socket;
    if (socket === undefined) return true;
    socket.send(frame, isBinary);
    this.#full = socket.getBufferedAmount() > HIGH_WATER;
    return !this.#full;
  }

  limitFirstMessage(): number {
    return this.#maxMessageBytes;
  }

  // This server cannot pause a socket; the sink must limit the frames that it keeps.
  pause(): void {}
  resume(): void {}

  close(code?: number, reason = ""): void {
    const socket = this.#detach();
    if (code === undefined) socket?.end();
    else socket?.end(code, reason);
  }

  terminate(): void {
    this.#detach()?.close();
  }

  onDrain(): void {
    if (!this.#full || this.#socket === undefined || this.#socket.getBufferedAmount() > HIGH_WATER) return;
    this.#full = false;
    this.sink?.onDrain();
  }

  /** The server answers it. */
  onPing(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#unreadPongs = socket.getBufferedAmount() > HIGH_WATER ? this.#unreadPongs + 1 : 0;
    // `close` reports it.
    if (this.#unreadPongs > MAX_UNREAD_PONGS) socket.close();
  }

  onClose(code: number, reason: string): void {
    if (this.#detach() !== undefined) this.sink?.onClose(code, reason);
  }

  /** Returns the socket, and detaches it. */
  #detach(): WebSocket<UserData> | undefined {
    const socket = this.#socket;
    this.#socket = undefined;
    return socket;
  }
}

/** Accepts WebSockets at a path. */
export function addSocketEndpoint(
  app: TemplatedApp,
  endpoint: SocketEndpoint,
  framing: RequestFraming,
): void {
  const maxPayloadLength = Math.min(endpoint.maxMessageBytes, MAX_MESSAGE_BYTES);
  app.ws<UserData>(endpoint.path, {
    maxPayloadLength,
    // Producers pause by themselves; no frame is dropped.
    maxBackpressure: 0,
    idleTimeout: IDLE_TIMEOUT_S,
    upgrade: (res, req, context) => {
      framing.begin();
      req.forEach(framing.visit);
      const refusal = framing.refusalOfUpgrade;
      if (refusal !== undefined) {
        refuseAndClose(res, refusal);
        return;
      }
      if (req.getHeader("sec-websocket-version") !== VERSION) {
        res.writeStatus(statusLine(426)).writeHeader("sec-websocket-version", VERSION).end();
        return;
      }
      const [protocol = ""] = req.getHeader("sec-websocket-protocol").split(",");
      res.upgrade<UserData>(
        { open: endpoint.accept(new UwsRequestHead(req, "GET", 0)) },
        req.getHeader("sec-websocket-key"),
        protocol.trim(),
        req.getHeader("sec-websocket-extensions"),
        context,
      );
    },
    open: (webSocket) => {
      const data = webSocket.getUserData();
      const socket = new UwsSocket(webSocket, maxPayloadLength);
      data.socket = socket;
      socket.sink = data.open(socket);
    },
    message: (webSocket, frame, isBinary) => {
      webSocket.getUserData().socket?.sink?.onFrame(Buffer.from(frame), isBinary);
    },
    ping: (webSocket) => webSocket.getUserData().socket?.onPing(),
    drain: (webSocket) => webSocket.getUserData().socket?.onDrain(),
    close: (webSocket, code, reason) => {
      webSocket.getUserData().socket?.onClose(code, Buffer.from(reason).toString());
    },
  });
}
