import type { HttpRequest } from "uWebSockets.js";
import type { RequestHead } from "../http-server.js";

/** The head of a request, read on demand: each call into the server costs time. */
export class UwsRequestHead implements RequestHead {
  readonly #req: HttpRequest;
  readonly method: string;
  readonly contentLength: number;

  constructor(req: HttpRequest, method: string, contentLength: number) {
    this.#req = req;
    this.method = method;
    this.contentLength = contentLength;
  }

  get path(): string {
    return this.#req.getUrl();
  }

  get query(): string {
    return this.#req.getQuery() ?? "";
  }

  header(name: string): string {
    return this.#req.getHeader(name);
  }

  forEachHeader(visit: (name: string, value: string) => void): void {
    this.#req.forEach(visit);
  }
}
