import { errorMessage } from "../../shared/errors.js";
import { isLoopback, urlAt } from "../../shared/url.js";
import { environmentVariable, type NodeModules, nodeModule } from "../node-platform.js";
import { abortable, TimeLimit } from "../request/abort.js";
import { type Dispatcher, dispatcherWith, unlimitedFetch } from "./unlimited-fetch.js";

/** Time limit of fetching the root certificate, in milliseconds. */
const FETCH_MS = 10_000;
/** Milliseconds until fetching it is tried again after an error. */
const RETRY_MS = 30_000;

/** Authorities that sign the certificates of workers: certificates in PEM, a URL to fetch them from, or none. */
export type WorkerAuthorities =
  | { readonly pem: readonly string[] }
  | { readonly url: string }
  | { readonly none: true };

/** The part of Node.js that has the usual authorities. */
type Certificates = Pick<NodeModules["tls"], "rootCertificates" | "getCACertificates">;

/** Trust in the workers' authorities, from now on or for a while. */
interface Trust {
  readonly dispatcher: Dispatcher | undefined;
  /** Why the certificate was not fetched. */
  readonly error?: string;
  /** Of `performance.now()`. */
  readonly until: number;
}

/**
 * A `fetch` for workers: in Node.js it trusts their authorities besides the usual ones. The certificate is fetched before
 * the first request by HTTPS. Where the program has replaced the dispatcher of `fetch`, it is used, with its certificates.
 */
export function workerFetch(authorities: WorkerAuthorities): typeof fetch {
  let trust: Promise<Trust> | undefined;
  let until = Number.POSITIVE_INFINITY;
  const currentTrust = (): Promise<Trust> => {
    if (trust === undefined || performance.now() >= until) {
      until = Number.POSITIVE_INFINITY;
      trust = trustIn(authorities);
      void trust.then((each) => {
        until = each.until;
      });
    }
    return trust;
  };
  return async (input, init) => {
    if (!/^\s*https:/i.test(String(input))) return unlimitedFetch(input, init);
    const signal = init?.signal;
    const { dispatcher, error } = await (signal ? abortable(currentTrust(), signal) : currentTrust());
    try {
      return await unlimitedFetch(input, init, dispatcher);
    } catch (cause) {
      if (error === undefined) throw cause;
      throw new TypeError("fetch failed", {
        cause: new Error(`${errorMessage(cause)} (${error})`, { cause }),
      });
    }
  };
}

/** Never rejects. */
async function trustIn(authorities: WorkerAuthorities): Promise<Trust> {
  const tls = nodeModule("tls");
  const usual: Trust = { dispatcher: undefined, until: Number.POSITIVE_INFINITY };
  if ("none" in authorities || tls === undefined || dispatcherWith({}) === undefined) return usual;
  try {
    const secureContext = tls.createSecureContext({ ca: [...(await trustedCertificates(authorities, tls))] });
    return { dispatcher: dispatcherWith({ secureContext }), until: Number.POSITIVE_INFINITY };
  } catch (error) {
    const where = "url" in authorities ? ` from ${authorities.url}` : "";
    return {
      dispatcher: undefined,
      error: `the root certificate of the workers was not loaded${where}: ${errorMessage(error)}`,
      until: performance.now() + RETRY_MS,
    };
  }
}

/**
 * The certificates to trust, in PEM: those of the authorities besides the usual ones.
 *
 * @throws an error that names no URL when they cannot be fetched.
 */
export async function trustedCertificates(
  authorities: Exclude<WorkerAuthorities, { readonly none: true }>,
  tls: Certificates,
): Promise<readonly string[]> {
  const pem = "pem" in authorities ? authorities.pem : [await fetchedPem(authorities.url)];
  return [...usualAuthorities(tls), ...pem];
}

async function fetchedPem(url: string): Promise<string> {
  const limit = new TimeLimit(FETCH_MS, undefined);
  try {
    const response = await unlimitedFetch(url, { redirect: "manual", signal: limit.signal });
    const text = await response.text();
    if (response.ok && text.includes("-----BEGIN CERTIFICATE-----")) return text;
    throw new Error(`expected a certificate in PEM, got ${response.status}`);
  } finally {
    limit.release();
  }
}

/** A list of authorities replaces the usual ones in Node.js, those of `NODE_EXTRA_CA_CERTS` included. */
function usualAuthorities(tls: Certificates): readonly string[] {
  if (tls.getCACertificates !== undefined) return tls.getCACertificates("default");
  const file = environmentVariable("NODE_EXTRA_CA_CERTS");
  const extra = file === undefined ? undefined : nodeModule("fs")?.readFileSync(file, "utf8");
  return extra === undefined ? tls.rootCertificates : [...tls.rootCertificates, extra];
}

/**
 * Where the root certificate of the hosted service's workers is fetched from. Without TLS another machine could replace
 * it: undefined.
 */
export function rootCertificateUrl(webUrl: string): string | undefined {
  const { hostname, protocol } = new URL(webUrl);
  if (protocol !== "https:" && !isLoopback(hostname)) return undefined;
  return urlAt(webUrl, "static/jvastai_root.cer");
}
