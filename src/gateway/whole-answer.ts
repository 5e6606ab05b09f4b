import type { TsworkerError } from "../shared/errors.js";
import type { AnswerHead } from "../worker/model/answer-head.js";
import type { ModelRequest } from "../worker/model/call.js";
import type { AnswerSink } from "../worker/model/connection.js";
import type { WorkerConnections, Workers } from "./workers.js";

/** Bytes of a whole answer. */
const MAX_BYTES = 4 * 1024 * 1024;

/** An answer that was read to its end. */
export interface WholeAnswer {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/**
 * Sends a request and reads its whole answer.
 *
 * @throws {TsworkerError} `MODEL_UNREACHABLE`, `MODEL_TIMEOUT`; an error for an answer of more than 4 MiB.
 * @throws the signal's reason when it is aborted.
 */
export function wholeAnswer(
  { pool }: WorkerConnections,
  request: Omit<ModelRequest, "onResent">,
  signal?: AbortSignal,
): Promise<WholeAnswer> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      call.cancel();
      reject(signal?.reason);
    };
    const settle = (): void => signal?.removeEventListener("abort", onAbort);
    const sink = new WholeAnswerSink({
      onWhole: (answer) => {
        settle();
        resolve(answer);
      },
      onError: (error) => {
        settle();
        call.cancel();
        reject(error);
      },
    });
    const call = pool.send({ ...request, onResent: undefined }, sink);
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}

interface WholeAnswerOwner {
  onWhole(answer: WholeAnswer): void;
  onError(error: Error): void;
}

class WholeAnswerSink implements AnswerSink {
  readonly #owner: WholeAnswerOwner;
  readonly #pieces: Buffer[] = [];
  #bytes = 0;
  #head: AnswerHead | undefined;

  constructor(owner: WholeAnswerOwner) {
    this.#owner = owner;
  }

  onHead(head: AnswerHead): void {
    this.#head = head;
  }

  onData(piece: Buffer): boolean {
    this.#bytes += piece.length;
    this.#pieces.push(Buffer.from(piece));
    if (this.#bytes <= MAX_BYTES) return true;
    this.#owner.onError(new Error(`expected an answer of at most ${MAX_BYTES} bytes`));
    return false;
  }

  onEnd(): void {
    const { status = 0, headers = [] } = this.#head ?? {};
    this.#owner.onWhole({ status, headers, body: Buffer.concat(this.#pieces) });
  }

  onError(error: TsworkerError): void {
    this.#owner.onError(error);
  }
}

/** Statuses whose `Response` has no body. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * A `fetch` for the JSON calls of each request, over connections that are kept: the one of Node.js costs more CPU time than the
 * rest of a short request. It takes a URL, and a body and header values that are texts; redirects are not followed.
 */
export function pooledFetch(servers: Workers): typeof fetch {
  return async (input, init = {}) => {
    const { origin, pathname, search } = new URL(String(input));
    const connections = await servers.at(origin);
    const headers = new Headers(init.headers);
    const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`).join("");
    const head = `${init.method ?? "GET"} ${pathname}${search} HTTP/1.1\r\nhost: ${connections.host}\r\n${lines}`;
    const body = init.body == null ? undefined : Buffer.from(String(init.body));
    const timeouts = { connectMs: null, headersMs: null, idleMs: null };
    const answer = await wholeAnswer(connections, { head, body, timeouts }, init.signal ?? undefined);
    const pairs = answer.headers.flatMap((name, index): [string, string][] =>
      index % 2 === 0 ? [[name, answer.headers[index + 1] ?? ""]] : [],
    );
    const { status } = answer;
    return new Response(WITHOUT_BODY.has(status) ? null : new Uint8Array(answer.body), {
      status,
      headers: pairs,
    });
  };
}
