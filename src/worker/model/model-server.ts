import type { ModelHeaders, Target } from "../config/model-headers.js";
import { ModelActivity } from "./model-activity.js";
import { ModelPool } from "./pool.js";

/** What the connections to a model server differ in from the usual ones. */
export interface ModelServerOptions {
  /** Connections at once; null is no limit. @default null */
  readonly maxConnections?: number | null;
  /** Where what the model sends is counted. */
  readonly activity?: ModelActivity;
  /** Sent with each request. @default none */
  readonly headers?: ModelHeaders;
}

/** The model server: where it is, what its requests begin with, and the connections to it. */
export class ModelServer implements Target {
  readonly url: string;
  readonly headers: ModelHeaders;
  readonly pool: ModelPool;
  readonly #host: string;
  readonly #basePath: string;

  /** @param url origin and base path, without a trailing slash. */
  constructor(
    url: string,
    { maxConnections = null, activity = new ModelActivity(), headers = {} }: ModelServerOptions = {},
  ) {
    this.url = url;
    this.headers = headers;
    const { protocol, hostname, port, pathname, host } = new URL(url);
    const tls = protocol === "https:";
    this.#host = host;
    this.#basePath = pathname === "/" ? "" : pathname;
    // An IPv6 address stands in brackets in a URL, but not where one connects to it.
    const address = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) || (tls ? 443 : 80), tls };
    this.pool = new ModelPool(address, maxConnections ?? Number.POSITIVE_INFINITY, activity);
  }

  /** The head of a request, up to the value of `content-length`. */
  headOf(path: string, contentType: string): string {
    return [
      `POST ${this.#basePath}${path.replace(/[^\x21-\x7e]/gu, encodeURIComponent)} HTTP/1.1`,
      `host: ${this.#host}`,
      ...Object.entries({ accept: "*/*", ...this.headers }).map(([name, value]) => `${name}: ${value}`),
      `content-type: ${contentType}`,
      "content-length: ",
    ].join("\r\n");
  }

  /** Closes all connections; calls in progress hear nothing more. */
  close(): void {
    this.pool.close();
  }
}
