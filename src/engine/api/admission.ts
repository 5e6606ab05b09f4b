import { createHash, timingSafeEqual } from "node:crypto";
import type { EngineRequest } from "./exchange.js";

/**
 * Who may make a call: anybody, the holder of the workers' token, the holder of a key of an endpoint or of the account,
 * or only the holder of the account's key.
 */
export type Access = "anybody" | "worker" | "client" | "account";

/** The keys and the token that open the engine. */
export interface Keyring {
  /** The `mtoken` that reports must carry; undefined: any. */
  token(): string | undefined;
  readonly accountKey: string;
  /** Whether a key is that of an endpoint. */
  opensEndpoint(key: string): boolean;
}

/** `mtoken` and its value as JSON, wherever they stand in a text. */
const TOKEN = /"mtoken"\s*:\s*("(?:[^"\\]|\\.)*")/g;

/** Decides whether a call is let in, from as little of it as has arrived. */
export class Admission {
  readonly #keyring: Keyring;

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  /** Whether the head of a call is enough to let it in: it has the key or the token, or none is required. */
  byHead(access: Access, head: Pick<EngineRequest, "authorization" | "query">): boolean {
    if (access === "anybody") return true;
    if (access === "worker") return this.#isToken(bearer(head.authorization));
    const key = keyInHead(head);
    return access === "account" ? key === this.#keyring.accountKey : this.isKey(key);
  }

  /**
   * Whether the start of a report has the token. Nothing is parsed: whoever writes the token anywhere knows it, and the
   * report is checked again when it is parsed.
   */
  byStart(text: string): "admitted" | "wrong token" | "no token" {
    let isNamed = false;
    for (const [, json = ""] of text.matchAll(TOKEN)) {
      isNamed = true;
      if (this.#isToken(textOf(json))) return "admitted";
    }
    return isNamed ? "wrong token" : "no token";
  }

  /** Whether the parsed body of a report has the token. */
  byReport(body: unknown): boolean {
    return this.#isToken(stringIn(body, "mtoken"));
  }

  /** Whether a key is that of an endpoint or of the account. */
  isKey(key: string | undefined): key is string {
    if (key === undefined) return false;
    return key === this.#keyring.accountKey || this.#keyring.opensEndpoint(key);
  }

  #isToken(given: string | undefined): boolean {
    const expected = this.#keyring.token();
    return (
      expected === undefined || (given !== undefined && timingSafeEqual(hashOf(given), hashOf(expected)))
    );
  }
}

/** The key of a request: in its body, as a bearer token, or in its query, in this order. */
export function keyOf(request: EngineRequest): string | undefined {
  return stringIn(request.body, "api_key") ?? keyInHead(request);
}

function keyInHead({ authorization, query }: Pick<EngineRequest, "authorization" | "query">) {
  return bearer(authorization) ?? query.get("api_key") ?? undefined;
}

function bearer(authorization: string | undefined): string | undefined {
  return /^Bearer\s+(\S+)\s*$/i.exec(authorization ?? "")?.[1];
}

function stringIn(body: unknown, name: "api_key" | "mtoken"): string | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const value: unknown = Object.getOwnPropertyDescriptor(body, name)?.value;
  return typeof value === "string" ? value : undefined;
}

/** The text of a JSON string; undefined: it is none. */
function textOf(json: string): string | undefined {
  try {
    return String(JSON.parse(json));
  } catch {
    return undefined;
  }
}

const hashOf = (text: string): Buffer => createHash("sha256").update(text).digest();
