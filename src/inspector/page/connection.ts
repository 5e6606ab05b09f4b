import { type ReadonlySignal, signal } from "@preact/signals";
import { unpack } from "msgpackr";
import type { Frame } from "../recorder/frames.js";

export type ConnectionStatus =
  /** `after`: why the connection before it ended; undefined: it is the first. */
  | { readonly kind: "connecting"; readonly after: string | undefined }
  | { readonly kind: "live" }
  | { readonly kind: "closed"; readonly reason: string; readonly retries: boolean };

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;

/** The feed's connection. It comes back by itself, ever more slowly, where that is worth while. */
export class Connection {
  readonly status: ReadonlySignal<ConnectionStatus>;
  readonly #status = signal<ConnectionStatus>({ kind: "connecting", after: undefined });
  readonly #address: string;
  readonly #onFrame: (frame: Frame) => void;
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #retryMs = FIRST_RETRY_MS;

  /** @param address of the WebSocket. */
  constructor(address: string, onFrame: (frame: Frame) => void) {
    this.#address = address;
    this.#onFrame = onFrame;
    this.status = this.#status;
  }

  /** Connects, anew where it was connected. */
  open(): void {
    this.#end();
    const before = this.#status.peek();
    this.#status.value = {
      kind: "connecting",
      after: before.kind === "closed" && before.retries ? before.reason : undefined,
    };
    const socket = new WebSocket(this.#address);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#read(data);
    socket.onclose = ({ code, reason }) => this.#lost(code, reason);
  }

  close(): void {
    this.#end();
    this.#status.value = { kind: "closed", reason: "not connected", retries: false };
  }

  #read(data: unknown): void {
    try {
      const frame = readFrame(data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array());
      if (frame.type === "hello") {
        this.#retryMs = FIRST_RETRY_MS;
        this.#status.value = { kind: "live" };
      }
      this.#onFrame(frame);
    } catch (error) {
      this.#end();
      const reason = error instanceof Error ? error.message : String(error);
      this.#status.value = { kind: "closed", reason, retries: false };
    }
  }

  #lost(code: number, reason: string): void {
    this.#end();
    const { text, retries } = closeReason(code, reason);
    this.#status.value = { kind: "closed", reason: text, retries };
    if (!retries) return;
    this.#timer = setTimeout(() => this.open(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }

  #end(): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }
}

/** Address of the feed: below the page's own. */
export function socketAddress(page: string, token: string | undefined): string {
  const url = new URL(page);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/socket`;
  url.search = token === undefined ? "" : `?token=${encodeURIComponent(token)}`;
  url.hash = "";
  return url.href;
}

/** Why the feed ended, and whether it is worth while to try again by oneself. */
interface CloseReason {
  readonly text: string;
  readonly retries: boolean;
}

/** Close codes after which the page does not reconnect by itself. */
const REFUSALS: ReadonlySet<number> = new Set([4400, 4401, 4403]);
const WRONG_TOKEN = 4401;

/** @param code of a WebSocket's close. @param reason of it, from the worker. */
export function closeReason(code: number, reason: string): CloseReason {
  const retries = !REFUSALS.has(code);
  if (code === WRONG_TOKEN) {
    return { text: "wrong or missing token: open this page with ?token= and the worker's token", retries };
  }
  return { text: code >= 4400 && reason !== "" ? `refused: ${reason}` : "connection lost", retries };
}

/** A frame that this page cannot show. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** @throws FrameError where it is no frame, or one of another format. */
export function readFrame(bytes: Uint8Array): Frame {
  const frame = unpacked(bytes);
  if (typeof frame !== "object" || frame === null || !("type" in frame))
    throw new FrameError("the worker sent something that is no frame");
  if (frame.type === "hello" && (!("format" in frame) || frame.format !== 1)) {
    const format = "format" in frame ? String(frame.format) : "none";
    throw new FrameError(
      `the worker speaks format ${format}, this page format 1: reload it, or use the page of that version`,
    );
  }
  if (frame.type !== "hello" && frame.type !== "tick")
    throw new FrameError(`the worker sent a frame of unknown type: ${String(frame.type)}`);
  // Beyond this, the page takes the word of the worker that served it.
  return frame as Frame;
}

function unpacked(bytes: Uint8Array): unknown {
  try {
    return unpack(bytes);
  } catch {
    throw new FrameError("the worker sent something that is no frame");
  }
}
