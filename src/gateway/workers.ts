import tls, { createSecureContext, type SecureContext } from "node:tls";
import { LRUCache } from "lru-cache";
import { trustedCertificates, type WorkerAuthorities } from "../client/fetch/worker-fetch.js";
import { ModelActivity } from "../worker/model/model-activity.js";
import { ModelPool } from "../worker/model/pool.js";

/** Workers whose connections are kept; those of others close by themselves a few seconds after their last request. */
const MOST_KEPT = 256;

/** Connections to one worker. */
export interface WorkerConnections {
  readonly pool: ModelPool;
  /** Host and port, for the head of a request. */
  readonly host: string;
  /** Path below which the worker has its routes; empty as a rule. */
  readonly basePath: string;
}

/** The connections to all workers, by their URLs. */
export class Workers {
  readonly #authorities: WorkerAuthorities;
  readonly #connections = new LRUCache<string, WorkerConnections>({ max: MOST_KEPT });
  readonly #activity = new ModelActivity();
  /** The certificates of the authorities, once a worker has HTTPS. */
  #trust: Promise<SecureContext | undefined> | undefined;

  constructor(authorities: WorkerAuthorities) {
    this.#authorities = authorities;
  }

  /**
   * The connections to a worker.
   *
   * @param url as the engine names it, with `http:` or `https:`.
   * @throws an error when the certificates of the workers' authorities cannot be fetched.
   */
  async at(url: string): Promise<WorkerConnections> {
    const known = this.#connections.get(url);
    if (known !== undefined) return known;
    const { protocol, hostname, port, pathname, host } = new URL(url);
    const isTls = protocol === "https:";
    const address = {
      // An IPv6 address has brackets in a URL, but not in a socket address.
      host: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port) || (isTls ? 443 : 80),
      tls: isTls,
      secureContext: isTls ? await this.#secureContext() : undefined,
    };
    // Another request may have added it in the meantime.
    const added = this.#connections.get(url);
    if (added !== undefined) return added;
    const pool = new ModelPool(address, Number.POSITIVE_INFINITY, this.#activity);
    const connections = { pool, host, basePath: pathname.replace(/\/+$/, "") };
    this.#connections.set(url, connections);
    return connections;
  }

  /** Closes all connections. */
  close(): void {
    for (const { pool } of this.#connections.values()) pool.close();
    this.#connections.clear();
  }

  #secureContext(): Promise<SecureContext | undefined> {
    const trust = this.#trust ?? secureContextOf(this.#authorities);
    this.#trust = trust;
    trust.catch(() => {
      // The next request tries again.
      if (this.#trust === trust) this.#trust = undefined;
    });
    return trust;
  }
}

async function secureContextOf(authorities: WorkerAuthorities): Promise<SecureContext | undefined> {
  if ("none" in authorities) return undefined;
  return createSecureContext({ ca: [...(await trustedCertificates(authorities, tls))] });
}
