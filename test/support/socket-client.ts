import { once } from "node:events";
import { WebSocket } from "ws";
import { Received } from "./socket-model.js";

/** What a client connects with beside the URL. */
export interface Connecting {
  readonly protocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** A client's WebSocket to a worker, as a browser or a program would open it. */
export class SocketClient extends Received {
  readonly socket: WebSocket;

  private constructor(socket: WebSocket) {
    super(socket);
    this.socket = socket;
  }

  static async connect(
    url: string,
    { protocols = [], headers = {} }: Connecting = {},
  ): Promise<SocketClient> {
    const socket = new WebSocket(url, [...protocols], { headers: { ...headers }, maxPayload: 2 ** 30 });
    const client = new SocketClient(socket);
    await once(socket, "open");
    return client;
  }

  /** Anything but bytes and text goes out as JSON. */
  send(message: unknown): void {
    this.socket.send(
      typeof message === "string" || Buffer.isBuffer(message) ? message : JSON.stringify(message),
    );
  }

  /** Goes away without a word. */
  vanish(): void {
    this.socket.terminate();
  }
}

/** The head with which a bare connection requests a WebSocket. */
export const upgradeBytes = (path: string): Buffer =>
  Buffer.from(
    [
      `GET ${path} HTTP/1.1`,
      "host: worker",
      "connection: Upgrade",
      "upgrade: websocket",
      "sec-websocket-version: 13",
      "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
      "\r\n",
    ].join("\r\n"),
  );

/** A whole frame of a client, masked with zeros. */
export function frameBytes(opcode: number, payload: Buffer | string = ""): Buffer {
  const bytes = Buffer.from(payload);
  const length = Buffer.alloc(bytes.length < 126 ? 1 : bytes.length < 65_536 ? 3 : 9);
  length.writeUInt8(0x80 | (length.length === 1 ? bytes.length : length.length === 3 ? 126 : 127));
  if (length.length === 3) length.writeUInt16BE(bytes.length, 1);
  if (length.length === 9) length.writeBigUInt64BE(BigInt(bytes.length), 1);
  return Buffer.concat([Buffer.from([0x80 | opcode]), length, Buffer.alloc(4), bytes]);
}
