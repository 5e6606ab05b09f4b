import { pack } from "msgpackr";
import type { Feed, Frame, Tick } from "../../inspector/recorder/frames.js";
import type { ClientSocket, SocketSink } from "../server/http-server.js";

/** Inspector clients at once: pages, terminals and others. */
const MAX_PAGES = 32;
/** Milliseconds that a page may take to read what it was sent. */
const READ_LIMIT_MS = 10_000;
/** Bytes that are kept for a page meanwhile. */
const MAX_BEHIND_BYTES = 4 * 1024 * 1024;

/** Why a page was turned away, as the code and the reason of its socket's close. */
export const CLOSES = {
  unexpected: [4400, "expected no messages from a page"],
  token: [4401, "expected the inspector's token, as ?token="],
  origin: [4403, "expected a page of this worker's own, at an address of this machine"],
  tooMany: [4429, `expected at most ${MAX_PAGES} pages at once`],
} as const satisfies Readonly<Record<string, readonly [code: number, reason: string]>>;

const packed = (frame: Frame): Buffer => pack(frame);

/** Sends a feed to the pages that are open. Each frame is packed once, however many they are. */
export class Pages {
  readonly #feed: Feed;
  readonly #open = new Set<Page>();
  /** The hello of this moment, until something happens: after an interruption all pages come at once. */
  #hello: Buffer | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(feed: Feed) {
    this.#feed = feed;
  }

  /** Takes a socket that has just been opened. */
  accept(socket: ClientSocket): SocketSink {
    if (this.#open.size >= MAX_PAGES) return turnedAway(socket, "tooMany");
    const page = new Page(
      socket,
      () => (this.#hello ??= packed(this.#feed.hello())),
      () => this.#leave(page),
    );
    // The hello first: what comes from then on is not in it.
    page.begin();
    this.#open.add(page);
    this.#unsubscribe ??= this.#feed.subscribe((tick) => this.#send(tick));
    return page;
  }

  /** Turns all pages away: the worker ends. */
  close(): void {
    for (const page of this.#open) page.close();
    this.#open.clear();
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  #send(tick: Tick): void {
    this.#hello = undefined;
    const bytes = packed(tick);
    for (const page of [...this.#open]) page.send(bytes);
  }

  #leave(page: Page): void {
    this.#open.delete(page);
    if (this.#open.size > 0) return;
    this.#hello = undefined;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }
}

/** Closes a socket with a reason. */
export function turnedAway(socket: ClientSocket, why: keyof typeof CLOSES): SocketSink {
  const [code, reason] = CLOSES[why];
  socket.close(code, reason);
  return { onFrame: () => {}, onDrain: () => {}, onClose: () => {} };
}

/**
 * One page. What comes while it has not read what it was sent is kept for it, up to a limit; beyond that it gets a new hello
 * instead. One that reads nothing for long is cut off.
 */
class Page implements SocketSink {
  readonly #socket: ClientSocket;
  readonly #hello: () => Buffer;
  readonly #onDisconnect: () => void;
  /** Runs while the page has not read what it was sent. */
  #waiting: NodeJS.Timeout | undefined;
  /** What it is to be sent then; undefined where that was too much. */
  #behind: Buffer[] | undefined = [];
  #behindBytes = 0;

  constructor(socket: ClientSocket, hello: () => Buffer, onDisconnect: () => void) {
    this.#socket = socket;
    this.#hello = hello;
    this.#onDisconnect = onDisconnect;
  }

  begin(): void {
    this.send(this.#hello());
  }

  send(bytes: Buffer): void {
    if (this.#waiting !== undefined) {
      this.#keep(bytes);
    } else if (!this.#socket.send(bytes, true)) {
      this.#waiting = setTimeout(() => this.#cutOff(), READ_LIMIT_MS).unref();
    }
  }

  close(): void {
    clearTimeout(this.#waiting);
    this.#socket.close(1001, "the worker ends");
  }

  onFrame(): void {
    clearTimeout(this.#waiting);
    this.#onDisconnect();
    turnedAway(this.#socket, "unexpected");
  }

  onDrain(): void {
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    const behind = this.#behind;
    this.#behind = [];
    this.#behindBytes = 0;
    if (behind === undefined) this.begin();
    else for (const bytes of behind) this.send(bytes);
  }

  onClose(): void {
    clearTimeout(this.#waiting);
    this.#onDisconnect();
  }

  #keep(bytes: Buffer): void {
    this.#behindBytes += bytes.length;
    if (this.#behindBytes > MAX_BEHIND_BYTES) this.#behind = undefined;
    this.#behind?.push(bytes);
  }

  #cutOff(): void {
    this.#onDisconnect();
    this.#socket.terminate();
  }
}
