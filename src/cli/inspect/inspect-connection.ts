import { unpack } from "msgpackr";
import { createWebSocketStream, WebSocket } from "ws";
import type { Frame, Hello, InspectRecord, Tick } from "../../inspector/recorder/frames.js";
import { TsworkerError } from "../../shared/errors.js";

/** The first frame holds the past: thousands of records of bounded size. */
const MAX_FRAME_BYTES = 128 * 1024 * 1024;
/** Frames that are read ahead while an earlier one is printed. */
const FRAMES_AHEAD = 16;
const DIAL_TIMEOUT_MS = 10_000;
/** Milliseconds of silence after which the operating system asks whether the worker's host is still there. */
const PROBE_AFTER_MS = 30_000;

/** Advice for close codes of an inspector. */
const ADVICE: ReadonlyMap<number, string> = new Map([
  [4401, "the token is missing or wrong: name it by --token"],
  [4429, "too many others are attached: close a page of the inspector first"],
]);
/** Close codes of a worker that ends: "normal", "going away" (RFC 6455 §7.4.1), and none at all. */
const ENDED = new Set([1000, 1001, 1005]);
/** A connection that ended without a close frame. */
const BROKEN = 1006;

/** A connection to a worker's inspector. It only reads. */
export class InspectConnection {
  readonly #address: URL;
  #closeCode = BROKEN;
  #closeReason = "";

  constructor(address: URL) {
    this.#address = address;
  }

  /**
   * The worker's frames until it ends: a hello, then ticks. Back-pressure: frames that are not consumed stay in the worker,
   * within its limits.
   *
   * @throws TsworkerError where no inspector is reached, or it refuses.
   * @throws an `AbortError` when `signal` is raised.
   */
  async *frames(signal: AbortSignal): AsyncGenerator<Frame> {
    const socket = new WebSocket(this.#address, {
      handshakeTimeout: DIAL_TIMEOUT_MS,
      maxPayload: MAX_FRAME_BYTES,
      perMessageDeflate: false,
    });
    const stream = createWebSocketStream(socket, {
      readableObjectMode: true,
      readableHighWaterMark: FRAMES_AHEAD,
      signal,
    });
    socket.on("upgrade", (response) => response.socket.setKeepAlive(true, PROBE_AFTER_MS));
    let refusal: TsworkerError | undefined;
    socket.on("unexpected-response", (_request, { statusCode }) => {
      refusal = this.#noInspector(`it answered ${statusCode}`);
      socket.terminate();
    });
    socket.on("close", (code, reason) => {
      this.#closeCode = code;
      this.#closeReason = reason.toString();
    });
    const sequence = new InspectSequence();
    let hasBegun = false;
    try {
      for await (const message of stream) {
        const frame = sequence.take(this.#frameOf(message));
        if (frame === undefined) throw this.#noInspector("it did not begin with a hello");
        hasBegun = true;
        yield frame;
      }
    } catch (error) {
      if (error instanceof TsworkerError || signal.aborted) throw error;
      // `endReason` describes a connection that broke after the hello.
      if (!hasBegun) throw refusal ?? this.#unreachable(error);
    }
    const advice = ADVICE.get(this.#closeCode);
    if (advice !== undefined) throw new TsworkerError("WORKER_REFUSED", advice);
    if (!hasBegun)
      throw this.#noInspector(`it closed with ${this.#closeCode} ${this.#closeReason}`.trimEnd());
  }

  /** Reason of the end, after the last frame. */
  endReason(): string {
    if (ENDED.has(this.#closeCode)) return "the worker has ended";
    if (this.#closeCode === BROKEN) return "the worker is gone: the connection broke off";
    return `the worker closed the connection with ${this.#closeCode} ${this.#closeReason}`.trimEnd();
  }

  #frameOf(message: unknown): Frame {
    const frame: unknown = message instanceof Buffer ? unpacked(message) : undefined;
    if (!isFrame(frame)) throw this.#noInspector("its frames are unknown");
    if (frame.type === "hello" && frame.format !== 1) {
      throw new TsworkerError(
        "WORKER_REFUSED",
        `expected frames of format 1, got ${String(frame.format)}: the worker is another version of tsworker`,
      );
    }
    return frame;
  }

  #noInspector(why: string): TsworkerError {
    return new TsworkerError(
      "WORKER_REFUSED",
      `no inspector at ${this.#address.host}: ${why}; start the worker with INSPECT=1 and name its second port`,
    );
  }

  #unreachable(cause: unknown): TsworkerError {
    return new TsworkerError(
      "WORKER_UNREACHABLE",
      `no worker reached at ${this.#address.host}: ${reasonOf(cause)}; name its second port, such as http://127.0.0.1:3001`,
      { cause },
    );
  }
}

/** The reason of a failed dial: several addresses of a host fail with a code and no message. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== "") return error.message;
  return "code" in error ? String(error.code) : error.name;
}

function unpacked(message: Buffer): unknown {
  try {
    return unpack(message);
  } catch {
    return undefined;
  }
}

/** The fields of a frame are trusted: it comes from the worker that the user named. */
const isFrame = (value: unknown): value is Frame =>
  typeof value === "object" &&
  value !== null &&
  "type" in value &&
  (value.type === "hello" || value.type === "tick");

/**
 * Makes one sequence of a worker's frames: a hello, then ticks. When frames were not read in time, the worker sends another
 * hello, which is converted to a tick with the new records.
 */
export class InspectSequence {
  /** Number of the newest record that was seen; undefined: no hello came yet. */
  #last: number | undefined;
  /** References of actors that are alive. */
  readonly #alive = new Set<string>();

  /** The frame as part of the sequence; undefined: a tick before the hello. */
  take(frame: Frame): Frame | undefined {
    if (this.#last === undefined && frame.type === "tick") return undefined;
    const taken =
      frame.type === "hello" && this.#last !== undefined ? this.#resumed(frame, this.#last) : frame;
    for (const { ref } of taken.actors) this.#alive.add(ref);
    if (taken.type === "tick") for (const ref of taken.gone) this.#alive.delete(ref);
    this.#last = taken.records.at(-1)?.n ?? this.#last ?? -1;
    return taken;
  }

  #resumed({ at, actors, actorsLeftOut, records, lanes, timers, samples }: Hello, last: number): Tick {
    const named = new Set(actors.map(({ ref }) => ref));
    const isNew = ({ n }: InspectRecord): boolean => n > last;
    const sample = samples.at(-1);
    return {
      type: "tick",
      at,
      actors,
      // With actors left out it is not known which ones have ended.
      gone: actorsLeftOut > 0 ? [] : [...this.#alive].filter((ref) => !named.has(ref)),
      actorsLeftOut,
      records: records.filter(isNew),
      leftOut: {},
      ...(sample !== undefined && { sample }),
      lanes,
      timers,
    };
  }
}
