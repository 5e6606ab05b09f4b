import type { AuthData } from "../shared/wire.js";
import { forwardedQuery } from "../worker/request/client-query.js";
import type { RequestHead } from "../worker/server/http-server.js";
import type { WorkerConnections } from "./workers.js";

/** A header's value that may be passed on. */
const VISIBLE = /^[\x21-\x7e]{1,200}$/;

/** Bodies up to here are copied behind the envelope's beginning, which costs less than three writes. */
const SMALL_BODY = 64 * 1024;
const ENVELOPE_END = Buffer.from("}");

/** Milliseconds of `x-deadline-ms`; undefined: there is none. */
export function deadlineOf(head: RequestHead): number | undefined {
  const given = head.header("x-deadline-ms");
  return given === "" ? undefined : Math.max(1, Number(given));
}

/** The head of a request for a worker. The client's own key is not part of it. */
export class WorkerRequest {
  /** Path and query. */
  readonly #target: string;
  /** Headers that come from the client, each with its line break. */
  readonly #headers: string;

  /**
   * @param head is valid during the call only.
   * @param maxPriority highest priority that the client may ask for.
   */
  constructor(head: RequestHead, path: string, requestId: string, maxPriority: number) {
    const query = forwardedQuery(head.query, true);
    const escapedPath = path.replace(/[^\x21-\x7e]/gu, encodeURIComponent);
    this.#target = query === "" ? escapedPath : `${escapedPath}?${query}`;
    const priority = head.header("x-priority");
    const trace = head.header("traceparent");
    this.#headers = [
      `x-request-id: ${requestId}\r\n`,
      ...(priority === "" ? [] : [`x-priority: ${Math.min(Number(priority), maxPriority)}\r\n`]),
      ...(VISIBLE.test(trace) ? [`traceparent: ${trace}\r\n`] : []),
    ].join("");
  }

  /**
   * The head's lines without those about the body's length.
   *
   * @param leftMs what is left of the client's deadline; undefined: there is none.
   */
  headFor({ host, basePath }: WorkerConnections, leftMs: number | undefined): string {
    const deadline = leftMs === undefined ? "" : `x-deadline-ms: ${Math.max(1, Math.round(leftMs))}\r\n`;
    return (
      `POST ${basePath}${this.#target} HTTP/1.1\r\nhost: ${host}\r\naccept: */*\r\n${this.#headers}${deadline}` +
      "content-type: application/json\r\n"
    );
  }
}

/** The signed request: the payload's bytes stay as the client sent them. */
export function envelopeOf(authData: AuthData, json: Buffer): Buffer | readonly Buffer[] {
  const begin = Buffer.from(`{"auth_data":${JSON.stringify(authData)},"payload":`);
  const parts = [begin, json, ENVELOPE_END];
  return json.length <= SMALL_BODY ? Buffer.concat(parts) : parts;
}
