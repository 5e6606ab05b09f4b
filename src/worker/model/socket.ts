import { randomFillSync } from "node:crypto";
import type { ClientRequest } from "node:http";
import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { TsworkerError, type TsworkerErrorCode } from "../../shared/errors.js";
import type { ModelHeaders } from "../config/model-headers.js";
import type { ModelTimeouts } from "./connection.js";

/** Observes a WebSocket to the model. After `onModelClosed` and `onModelFailed` nothing follows. */
export interface ModelSocketSink {
  onModelFrame(frame: Buffer, isBinary: boolean): void;
  /** There is room again after `send` returned false. */
  onModelDrain(): void;
  /** @param code 1005 if the model sent none. */
  onModelClosed(code: number, reason: string): void;
  /** The model was not reached, did not accept the WebSocket, took too long, or broke off. */
  onModelFailed(error: TsworkerError): void;
}

/** Target of a WebSocket, and what is offered to it. */
export interface ModelSocketTarget {
  /** Origin and base path of the model server, without a trailing slash. */
  readonly server: string;
  /** Sent when it is opened. @default none */
  readonly headers?: ModelHeaders;
  readonly path: string;
  /** Behind the question mark, sent as it is; empty for none. */
  readonly query: string;
  /** Subprotocol to offer; empty for none. One that is no token is not offered. */
  readonly protocol: string;
  /** A longer message of the model aborts the WebSocket. */
  readonly maxMessageBytes: number;
}

/** Bytes waiting for the model above which the sender must pause. */
const HIGH_WATER = 1024 * 1024;
/** Bytes waiting below which it may continue. */
const LOW_WATER = HIGH_WATER / 2;
/** Bytes of memory that a frame takes besides its own, so that a flood of empty frames counts. */
const FRAME_COST = 256;
/** Milliseconds that a model may take to answer a close; and to read none of the bytes before it. */
const CLOSE_TIMEOUT_MS = 3000;
/** Milliseconds that it may take for those in all. */
const READ_TIMEOUT_MS = 30_000;
/** Milliseconds of silence before TCP keep-alive probes. */
const PROBE_AFTER_MS = 60_000;
/** "Going away", RFC 6455 §7.4.1. */
const GOING_AWAY = 1001;
/** Represents a connection that ended without a close frame. */
const BROKEN = 1006;
/** A token (RFC 9110 §5.6.2). */
const TOKEN = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;

/** With a mask of zeros `ws` would keep the sender's own memory instead of a masked copy. */
const generateMask = (mask: Buffer): void => {
  randomFillSync(mask);
  mask.writeUInt8(mask.readUInt8() | 1);
};

/**
 * A WebSocket to the model server. Frames may be sent before it is open, and even before it connects: they are queued
 * and sent first. Pings of the model are answered here.
 *
 * ```
 * keeping ─▶ dialling ─▶ open ─▶ closing ─▶ over
 *    └──────────┴──────────┴────────────────▶ over
 * ```
 *
 * It does not limit its queue: the owner must pause when `send` returns false, and can read the size from `waiting`.
 */
export class ModelSocket {
  readonly #sink: ModelSocketSink;
  readonly #timeouts: ModelTimeouts;
  #stage: "keeping" | "dialling" | "open" | "closing" | "over" = "keeping";
  #socket: WebSocket | undefined;
  /** The TCP or TLS connection under it. */
  #connection: Socket | undefined;
  #kept: { readonly frame: Buffer; readonly isBinary: boolean }[] = [];
  #keptBytes = 0;
  /** Frames that the operating system has not taken yet. */
  #unwritten = 0;
  #isFull = false;
  #isPaused = false;
  #goodbye: { readonly code: number | undefined; readonly reason: string } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #cause: unknown;

  constructor(timeouts: ModelTimeouts, sink: ModelSocketSink) {
    this.#timeouts = timeouts;
    this.#sink = sink;
  }

  /** The model has accepted it, and it was not closed since. */
  get isOpen(): boolean {
    return this.#stage === "open";
  }

  /** Bytes of memory that frames for the model take. */
  get waiting(): number {
    if (this.#socket === undefined || this.#stage === "dialling") return this.#keptBytes;
    return this.#socket.bufferedAmount + this.#unwritten * FRAME_COST;
  }

  /**
   * Connects to the model. `connectMs` limits the time until the connection is open, and `headersMs` the time that the
   * model then takes to accept the WebSocket; if that is null, `connectMs` does, because nothing is computed.
   */
  open({ server, headers, path, query, protocol, maxMessageBytes }: ModelSocketTarget): void {
    const { origin, pathname } = new URL(server);
    const target = `${pathname === "/" ? "" : pathname}${path}${query && `?${query}`}`;
    const options = {
      headers,
      perMessageDeflate: false,
      maxPayload: maxMessageBytes,
      closeTimeout: CLOSE_TIMEOUT_MS,
      generateMask,
      finishRequest: (request: ClientRequest): void => {
        // A URL would write some characters of the query anew.
        request.path = target.replace(/[^\x21-\x7e]/gu, encodeURIComponent);
        this.#limitDialling(request, origin.startsWith("https:"));
        request.end();
      },
    };
    this.#stage = "dialling";
    this.#socket = new WebSocket(`${origin}/`, TOKEN.test(protocol) ? [protocol] : [], options)
      .on("open", () => this.#onOpen())
      .on("message", (frame: Buffer, isBinary) => this.#onFrame(frame, isBinary))
      .on("unexpected-response", (_request, { statusCode }) =>
        this.#fail(
          "MODEL_UNREACHABLE",
          `the model answered ${statusCode} instead of accepting the WebSocket`,
        ),
      )
      .on("error", (cause) => this.#onError(cause))
      .on("close", (code, reason) => this.#onClose(code, reason.toString()));
  }

  /**
   * Sends a frame, or keeps it. A model that is closing takes none any more.
   *
   * @param frame valid during the call.
   * @returns false when the sender is to pause until `onModelDrain`.
   */
  send(frame: Buffer, isBinary: boolean): boolean {
    switch (this.#stage) {
      case "keeping":
      case "dialling":
        this.#kept.push({ frame: Buffer.from(frame), isBinary });
        this.#keptBytes += frame.length + FRAME_COST;
        break;
      case "open":
        this.#write(frame, isBinary);
        break;
      default:
        return true;
    }
    this.#isFull ||= this.waiting > HIGH_WATER;
    return !this.#isFull;
  }

  /** Reads nothing of the model until `resume`; what has been read already still comes. */
  pause(): void {
    if (this.#stage !== "open" || this.#isPaused) return;
    this.#isPaused = true;
    // A client that does not read must not count as silence of the model.
    this.#limit(null);
    this.#socket?.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#stage === "open") this.#limitSilence();
    this.#socket?.resume();
  }

  /**
   * Closes an open WebSocket with a handshake, behind the frames that still wait, as long as the model takes them. The
   * sink is notified of the end: of the model's answer, or that it did not come in time.
   *
   * @param code one that may be sent; undefined to name none. @param reason at most 123 bytes.
   */
  close(code: number | undefined, reason: string): void {
    if (this.#stage !== "open") return;
    this.#stage = "closing";
    this.#goodbye = { code, reason };
    // The model's answer comes after all that it has sent before.
    this.resume();
    // Only the connection shows whether the model reads parts of a frame.
    this.#connection?.setTimeout(CLOSE_TIMEOUT_MS, () => this.#socket?.terminate());
    this.#limit(READ_TIMEOUT_MS, () => this.#socket?.terminate());
    this.#closeWhenWritten();
  }

  /** Closes it with "going away"; the sink is not called any more. */
  abandon(): void {
    this.#stage = "over";
    this.#limit(null);
    this.#kept = [];
    this.#keptBytes = 0;
    if (this.#socket === undefined) return;
    if (this.#socket.readyState === WebSocket.CONNECTING) {
      this.#socket.terminate();
      return;
    }
    this.resume();
    this.#socket.close(GOING_AWAY);
  }

  #limitDialling(request: ClientRequest, isTls: boolean): void {
    const { connectMs, headersMs } = this.#timeouts;
    const connectFault = `the model did not accept a connection within ${connectMs} ms`;
    this.#limit(connectMs, () => this.#fail("MODEL_UNREACHABLE", connectFault));
    const upgradeMs = headersMs ?? connectMs;
    const upgradeFault = `the model did not accept the WebSocket within ${upgradeMs} ms`;
    request.once("socket", (socket) => {
      this.#connection = socket;
      socket.setKeepAlive(true, PROBE_AFTER_MS).once(isTls ? "secureConnect" : "connect", () => {
        if (this.#stage === "dialling")
          this.#limit(upgradeMs, () => this.#fail("MODEL_TIMEOUT", upgradeFault));
      });
    });
  }

  #limitSilence(): void {
    const { idleMs } = this.#timeouts;
    this.#limit(idleMs, () => this.#fail("MODEL_TIMEOUT", `the model was silent for ${idleMs} ms`));
  }

  #onOpen(): void {
    if (this.#stage !== "dialling") return;
    this.#stage = "open";
    this.#limitSilence();
    for (const { frame, isBinary } of this.#kept) this.#write(frame, isBinary);
    this.#kept = [];
    this.#keptBytes = 0;
  }

  #write(frame: Buffer, isBinary: boolean): void {
    // A model that has sent its close frame reads nothing more, and `ws` would count the frame as waiting forever.
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#unwritten++;
    this.#socket.send(frame, { binary: isBinary }, this.#onWritten);
  }

  readonly #onWritten = (): void => {
    this.#unwritten--;
    if (this.#stage === "closing") this.#closeWhenWritten();
    if (this.#stage !== "open" || !this.#isFull || this.waiting > LOW_WATER) return;
    this.#isFull = false;
    this.#sink.onModelDrain();
  };

  #closeWhenWritten(): void {
    if (this.#unwritten > 0) return;
    this.#connection?.setTimeout(0);
    this.#limit(CLOSE_TIMEOUT_MS, () => this.#socket?.terminate());
    this.#socket?.close(this.#goodbye?.code, this.#goodbye?.reason);
  }

  #onFrame(frame: Buffer, isBinary: boolean): void {
    if (this.#stage !== "open") return;
    if (!this.#isPaused) this.#timer?.refresh();
    this.#sink.onModelFrame(frame, isBinary);
  }

  #onError(cause: unknown): void {
    // Frames that came before are still to be read; the close that follows ends it.
    if (this.#stage === "dialling")
      this.#fail("MODEL_UNREACHABLE", "the model is unreachable or did not accept the WebSocket", cause);
    else this.#cause = cause;
  }

  #onClose(code: number, reason: string): void {
    if (code === BROKEN) {
      this.#fail("MODEL_UNREACHABLE", "the model broke the WebSocket off", this.#cause);
      return;
    }
    if (this.#stage === "over") return;
    this.#stage = "over";
    this.#limit(null);
    this.#sink.onModelClosed(code, reason);
  }

  #fail(code: TsworkerErrorCode, message: string, cause?: unknown): void {
    if (this.#stage === "over") return;
    this.abandon();
    this.#sink.onModelFailed(new TsworkerError(code, message, cause === undefined ? {} : { cause }));
  }

  /** Replaces the running limit, if any. */
  #limit(milliseconds: number | null, onExceeded: () => void = () => {}): void {
    clearTimeout(this.#timer);
    this.#timer = milliseconds === null ? undefined : setTimeout(onExceeded, milliseconds);
  }
}
