import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls, type SecureContext } from "node:tls";
import { TsworkerError } from "../../shared/errors.js";
import type { AnswerHead, Framing, ParsedHead } from "./answer-head.js";
import { AnswerParser, type ParserSink } from "./answer-parser.js";
import { type BodySource, type BodyTarget, type Call, isSource, lengthOf, type SentBody } from "./call.js";
import { EARLY_MS } from "./closing-habits.js";
import type { ModelActivity } from "./model-activity.js";

/** Receives a model's answer as it arrives. After `onEnd` or `onError` nothing follows. */
export interface AnswerSink {
  /** @param resume continues after `onData` returned false. */
  onHead(head: AnswerHead, resume: () => void): void;
  /**
   * A piece of the body.
   *
   * @param piece valid during the call only: copy it to keep it.
   * @returns false to pause the model until `resume` is called; what has been read already still comes.
   */
  onData(piece: Buffer): boolean;
  onEnd(): void;
  /** The model could not be reached, broke off, or took too long. */
  onError(error: TsworkerError): void;
}

/** Limits in milliseconds; null is no limit. */
export interface ModelTimeouts {
  readonly connectMs: number | null;
  readonly headersMs: number | null;
  readonly idleMs: number | null;
}

/** Address of the model server. */
export interface ModelAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** Whom to trust with TLS. @default the authorities of Node.js */
  readonly secureContext?: SecureContext | undefined;
}

/** Milliseconds that a free connection is kept: less than the 5 s after which common model servers close it. */
export const IDLE_LIMIT_MS = 4000;

/**
 * Milliseconds of silence before TCP keep-alive probes: without time limits of the handler nothing else detects that the
 * model's host has vanished.
 */
const PROBE_AFTER_MS = 60_000;

/** Bodies up to here go out in one buffer with the head; copying a larger one would cost more than a second write. */
const SMALL_BODY = 64 * 1024;

/** Every connection reads into the same memory: a read is handled before the next one begins. */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/** Observes a connection between requests. */
export interface ConnectionOwner {
  readonly activity: ModelActivity;
  /** It may take another request. */
  onFree(connection: Connection): void;
  /** The model has sent its first byte. */
  onServed(): void;
  /** It has carried another answer, after one of this framing. */
  onReused(framing: Framing): void;
  /** The model ended it just after an answer of this framing. */
  onEndedEarly(framing: Framing): void;
  onClosed(connection: Connection): void;
}

/** One connection to the model server, with one request at a time. */
export class Connection implements ParserSink {
  readonly #socket: Socket;
  readonly #parser = new AnswerParser(this);
  readonly #owner: ConnectionOwner;
  readonly #resume = (): void => {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#call !== undefined) this.#limitSilence(this.#call);
    this.#socket.resume();
  };
  /** Milliseconds, monotonic. */
  readonly openedAt = performance.now();
  #call: Call | undefined;
  /** Limits the time to connect, and then the silence within an answer. */
  #timer: NodeJS.Timeout | undefined;
  #paused = false;
  /** The body of a request is sent as it arrives, and is not complete. */
  #isSending = false;
  #keepAlive = false;
  #framing: Framing = "none";
  #idleMs = IDLE_LIMIT_MS;
  /** Milliseconds, monotonic; 0 before the end of the first answer. */
  #freeSince = 0;
  /** The model has sent bytes since the last answer ended. */
  #isHeard = false;
  #closed = false;

  constructor(address: ModelAddress, connectMs: number | null, owner: ConnectionOwner) {
    this.#owner = owner;
    this.#socket = address.tls ? this.#openTls(address) : this.#open(address);
    this.#socket
      .setNoDelay(true)
      .setKeepAlive(true, PROBE_AFTER_MS)
      .once(address.tls ? "secureConnect" : "connect", () => this.#limit(null))
      .on("end", () => this.#onEnd())
      .on("error", (cause) => this.#fail("MODEL_UNREACHABLE", "the model is unreachable or broke off", cause))
      .on("close", () => this.#fail("MODEL_UNREACHABLE", "the model closed the connection"));
    this.#limit(
      connectMs,
      "MODEL_UNREACHABLE",
      `the model did not accept a connection within ${connectMs} ms`,
    );
  }

  /** Whether a free connection may be used. @param now milliseconds, monotonic. */
  isUsable(now: number): boolean {
    // TLS reports completed writes a turn of the event loop later, which may be after the answer.
    return !this.#closed && now < this.#freeSince + this.#idleMs && this.#socket.writableLength === 0;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** The model has sent bytes. */
  get isServed(): boolean {
    return this.#isHeard || this.#freeSince > 0;
  }

  /** How its last answer was framed. */
  get framing(): Framing {
    return this.#framing;
  }

  /** Milliseconds, monotonic. */
  get freeSince(): number {
    return this.#freeSince;
  }

  /**
   * Sends a request.
   *
   * @param head its lines without those about the body's length.
   */
  send(head: string, body: SentBody, call: Call): void {
    this.#call = call;
    this.#parser.expect();
    if (typeof body === "string") {
      this.#socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`, "latin1");
      return;
    }
    if (body === undefined) {
      this.#socket.write(`${head}\r\n`, "latin1");
      return;
    }
    if (isSource(body)) {
      this.#sendFrom(head, body, call);
      return;
    }
    const begin = `${head}content-length: ${lengthOf(body)}\r\n\r\n`;
    if (body instanceof Uint8Array && body.length <= SMALL_BODY) {
      const request = Buffer.allocUnsafe(begin.length + body.length);
      request.write(begin, "latin1");
      request.set(body, begin.length);
      this.#socket.write(request);
      return;
    }
    this.#socket.cork();
    this.#socket.write(begin, "latin1");
    for (const part of body instanceof Uint8Array ? [body] : body) this.#socket.write(part);
    this.#socket.uncork();
  }

  #sendFrom(head: string, source: BodySource, call: Call): void {
    const isChunked = source.length === undefined;
    const framing = isChunked ? "transfer-encoding: chunked" : `content-length: ${source.length}`;
    const socket = this.#socket;
    this.#isSending = true;
    socket.write(`${head}${framing}\r\n\r\n`, "latin1");
    socket.on("drain", () => {
      if (this.#isSending && !this.#closed) source.onDrain();
    });
    const target: BodyTarget = {
      write: (piece) => {
        if (!this.#isSending || this.#closed || piece.length === 0) return true;
        if (!isChunked) return socket.write(Buffer.from(piece));
        socket.cork();
        socket.write(`${piece.length.toString(16)}\r\n`, "latin1");
        socket.write(Buffer.from(piece));
        const hasRoom = socket.write("\r\n", "latin1");
        socket.uncork();
        return hasRoom;
      },
      end: () => {
        if (!this.#isSending || this.#closed) return;
        this.#isSending = false;
        if (isChunked) socket.write("0\r\n\r\n", "latin1");
        call.onSent();
      },
    };
    source.onOpen(target);
  }

  /** Closes the connection; its call is not notified any more. */
  destroy(): void {
    this.#call?.end();
    this.#call = undefined;
    this.#close();
  }

  onHead(head: ParsedHead): void {
    if (this.#freeSince > 0) this.#owner.onReused(this.#framing);
    this.#framing = head.framing;
    this.#idleMs =
      head.idleSeconds === undefined
        ? IDLE_LIMIT_MS
        : Math.min(IDLE_LIMIT_MS, head.idleSeconds * 1000 - 1000);
    this.#keepAlive = head.keepAlive && this.#idleMs > 0;
    const call = this.#call;
    if (call === undefined) return;
    this.#limitSilence(call);
    call.onHead(head, this.#resume);
  }

  onBody(piece: Buffer): void {
    this.#timer?.refresh();
    if (this.#call?.onData(piece) !== false) return;
    // A client that does not read must not count as silence of the model.
    this.#paused = true;
    this.#limit(null);
  }

  onComplete(hasSurplus: boolean): void {
    if (this.#closed) return;
    this.#limit(null);
    this.#paused = false;
    const call = this.#call;
    this.#call = undefined;
    // A model that answers before it has read the whole request may never read the rest.
    const isSent = !this.#isSending && this.#socket.writableLength <= SMALL_BODY;
    if (this.#keepAlive && !hasSurplus && isSent) {
      this.#isHeard = false;
      this.#freeSince = performance.now();
      this.#owner.onFree(this);
    } else {
      this.#close();
    }
    call?.onEnd();
  }

  #open({ host, port }: ModelAddress): Socket {
    const callback = (bytes: number): boolean => this.#onRead(READ_BUFFER.subarray(0, bytes));
    return connect({ host, port, onread: { buffer: READ_BUFFER, callback } });
  }

  #openTls({ host, port, secureContext }: ModelAddress): Socket {
    const servername = isIP(host) === 0 ? host : "";
    const trust = secureContext && { secureContext };
    const socket = connectTls({ host, port, servername, ALPNProtocols: ["http/1.1"], ...trust });
    return socket.on("data", (piece: Buffer) => {
      if (!this.#onRead(piece)) socket.pause();
    });
  }

  /** @returns false to read no further for now. */
  #onRead(piece: Buffer): boolean {
    if (this.#closed) return false;
    const isFirst = !this.#isHeard;
    this.#isHeard = true;
    if (isFirst && this.#freeSince === 0) this.#owner.onServed();
    this.#owner.activity.chunks++;
    try {
      this.#parser.push(piece);
    } catch (cause) {
      // Bytes that cannot begin an answer belong to the answer before.
      const isAnswer = !isFirst || piece.toString("latin1", 0, PROTOCOL.length) === PROTOCOL;
      this.#fail("MODEL_UNREACHABLE", "the model's answer could not be read", cause, isAnswer);
    }
    return !this.#paused;
  }

  #onEnd(): void {
    const isIdle = this.#call === undefined;
    if (!this.#parser.end()) {
      this.#fail("MODEL_UNREACHABLE", "the model broke off its answer");
      return;
    }
    if (isIdle) this.#noteEnd();
    this.#close();
  }

  #limitSilence({ idleMs }: Call): void {
    this.#limit(idleMs, "MODEL_TIMEOUT", `the model was silent for ${idleMs} ms`);
  }

  /** Replaces the running limit, if any. */
  #limit(milliseconds: number | null, code: FailureCode = "MODEL_TIMEOUT", message = ""): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer =
      milliseconds === null ? undefined : setTimeout(() => this.#fail(code, message), milliseconds);
  }

  /** @param isAnswered an answer to the request has begun. */
  #fail(code: FailureCode, message: string, cause?: unknown, isAnswered = this.#isHeard): void {
    if (this.#closed) return;
    const call = this.#call;
    this.#call = undefined;
    const isStale = this.#freeSince > 0 && !isAnswered && code === "MODEL_UNREACHABLE" && !isTimeout(cause);
    if (isStale) this.#noteEnd();
    this.#close();
    if (call === undefined) return;
    const error = new TsworkerError(code, message, cause === undefined ? {} : { cause });
    if (isStale) call.onUnanswered(error);
    else call.onError(error);
  }

  /** The model has ended it between two answers. */
  #noteEnd(): void {
    if (!this.#isHeard && performance.now() - this.#freeSince < EARLY_MS)
      this.#owner.onEndedEarly(this.#framing);
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#limit(null);
    this.#socket.destroy();
    this.#owner.onClosed(this);
  }
}

type FailureCode = "MODEL_UNREACHABLE" | "MODEL_TIMEOUT";

/** Beginning of every answer. */
const PROTOCOL = "HTTP/";

/** TCP gave up: the model's host has vanished. */
const isTimeout = (cause: unknown): boolean =>
  cause instanceof Error && "code" in cause && cause.code === "ETIMEDOUT";
