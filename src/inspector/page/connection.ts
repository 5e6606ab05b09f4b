import { type ReadonlySignal, signal } from "@preact/signals";
import type { Frame } from "../recorder/frames.js";
import { closeReason } from "./close-reason.js";
import { readFrame } from "./read-frame.js";

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
