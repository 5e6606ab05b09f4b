import type { HttpResponse } from "uWebSockets.js";

/** What uWebSockets.js gathers within one `cork`. */
const CORK_BYTES = 16 * 1024;
/** What the socket takes before it is full. */
const SOCKET_BYTES = 100_000;

/**
 * A chunked response of uWebSockets.js as far as a body writer uses it, on a socket that the test empties. It loses
 * what the real one loses: bytes that do not fit into what is gathered within a `cork`, when the gathered ones find
 * the socket full (uNetworking/uWebSockets.js issue 1249).
 */
export class FullSocket {
  /** What the client has read. */
  readonly read: Buffer[] = [];
  readonly #inSocket: Buffer[] = [];
  #inSocketBytes = 0;
  /** What the socket did not take. */
  #kept: Buffer = Buffer.alloc(0);
  #gathered: Buffer | undefined;
  #onWritable = (): boolean => true;
  #wantsRoom = false;

  /** For the writer. Whatever else it called would throw. */
  readonly response = {
    cork: (write: () => void) => {
      this.#gathered = Buffer.alloc(0);
      write();
      this.#uncork();
    },
    write: (bytes: Buffer): boolean => {
      this.#send(Buffer.from("\r\n"));
      this.#send(Buffer.from(bytes.length.toString(16)));
      this.#send(Buffer.from("\r\n"));
      return this.#send(bytes);
    },
    end: () => {
      this.#send(Buffer.from("\r\n0\r\n\r\n"));
      this.#onWritable = () => {
        this.#flush();
        return true;
      };
    },
    onWritable: (handler: () => boolean) => {
      this.#onWritable = handler;
    },
  } as unknown as HttpResponse;

  /** Nothing waits for the client. */
  get isEmpty(): boolean {
    return this.#inSocketBytes + this.#kept.length === 0;
  }

  /** The client reads so many bytes; the server is notified as soon as a third of the socket is free. */
  take(count: number): void {
    let left = count;
    for (let first = this.#inSocket.shift(); first !== undefined; first = this.#inSocket.shift()) {
      this.read.push(first.subarray(0, left));
      if (first.length > left) {
        this.#inSocket.unshift(first.subarray(left));
        break;
      }
      left -= first.length;
    }
    this.#inSocketBytes = Math.max(0, this.#inSocketBytes - count);
    if (!this.#wantsRoom || this.#inSocketBytes > (SOCKET_BYTES * 2) / 3) return;
    this.#wantsRoom = false;
    this.#onWritable();
  }

  /** @returns whether the socket took all of it. */
  #send(bytes: Buffer): boolean {
    if (!this.#flush()) {
      this.#kept = Buffer.concat([this.#kept, bytes]);
      return false;
    }
    if (this.#gathered === undefined) {
      this.#kept = Buffer.from(bytes.subarray(this.#toSocket(bytes)));
      return this.#kept.length === 0;
    }
    if (this.#gathered.length + bytes.length <= CORK_BYTES) {
      this.#gathered = Buffer.concat([this.#gathered, bytes]);
      return true;
    }
    return this.#uncork() && this.#send(bytes);
  }

  #uncork(): boolean {
    const gathered = this.#gathered;
    this.#gathered = undefined;
    return gathered === undefined || gathered.length === 0 ? this.#flush() : this.#send(gathered);
  }

  #flush(): boolean {
    this.#kept = this.#kept.subarray(this.#toSocket(this.#kept));
    return this.#kept.length === 0;
  }

  #toSocket(bytes: Buffer): number {
    const taken = Buffer.from(bytes.subarray(0, SOCKET_BYTES - this.#inSocketBytes));
    if (taken.length > 0) this.#inSocket.push(taken);
    this.#inSocketBytes += taken.length;
    if (taken.length < bytes.length) this.#wantsRoom = true;
    return taken.length;
  }
}
