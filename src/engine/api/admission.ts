import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { type EngineAnswer, type EngineRequest, refusal } from "./exchange.js";

/**
 * The credential that a call requires: none, the workers' token, the key of an endpoint or of the account, or the key of
 * the account.
 */
export type Access = "public" | "worker" | "client" | "account";

/** The keys and the token of the engine. */
export interface Keyring {
  /** The `mtoken` that reports must carry; undefined: reports need none. */
  token(): string | undefined;
  readonly accountKey: string;
  /** Whether a key is that of an endpoint. */
  opensEndpoint(key: string): boolean;
}

/** `mtoken` and its value as JSON, anywhere in a text. */
const TOKEN = /"mtoken"\s*:\s*("(?:[^"\\]|\\.)*")/g;

/** Admits calls by as little of them as has arrived. */
export class Admission {
  readonly #keyring: Keyring;

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  /** Whether the head of a call admits it: it has the key or the token, or none is required. */
  byHead(access: Access, head: Pick<EngineRequest, "authorization" | "query">): boolean {
    if (access === "public") return true;
    if (access === "worker") return this.#isToken(bearer(head.authorization));
    const key = keyInHead(head);
    return access === "account" ? key === this.#keyring.accountKey : this.isKey(key);
  }

  /**
   * Whether the start of a report has the token. It is not parsed: a sender that writes the token anywhere knows it, and
   * the report is checked again when it is parsed.
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

/** Longest body of a call that is not admitted by its head, in bytes. */
const MAX_UNADMITTED = 64 * 1024;
/** Longest body of an admitted call, in bytes. */
const MAX_ADMITTED = 4 * 1024 * 1024;

interface Sender {
  readonly access: Access;
  readonly admission: Admission;
  /** Whether the head of the call admitted it. */
  readonly isAdmitted: boolean;
}

/**
 * The body of a call as text, or the refusal of one that is too long; undefined: the client went away.
 *
 * Of a call that its head does not admit, 64 KiB are read; more of a report only if the token is in them.
 */
export async function admittedBody(
  request: IncomingMessage,
  { access, admission, isAdmitted }: Sender,
): Promise<string | EngineAnswer | undefined> {
  const canShowToken = access === "worker" && !isAdmitted;
  const announced = Number(request.headers["content-length"] ?? 0);
  const most = isAdmitted || canShowToken ? MAX_ADMITTED : MAX_UNADMITTED;
  if (announced > most) return tooLong(most);
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let limit = isAdmitted ? MAX_ADMITTED : MAX_UNADMITTED;
    let size = 0;
    const settle = (result: string | EngineAnswer | undefined): void => {
      request.removeListener("data", onData);
      resolve(result);
    };
    const beyond = (): EngineAnswer | undefined => {
      if (!canShowToken || limit === MAX_ADMITTED) return tooLong(limit);
      const shown = admission.byStart(Buffer.concat(pieces).toString("utf8", 0, MAX_UNADMITTED));
      if (shown === "wrong token") return refusal(401, "invalid mtoken");
      if (shown === "no token") return tooLong(limit);
      limit = MAX_ADMITTED;
      return size > limit ? tooLong(limit) : undefined;
    };
    const onData = (piece: Buffer): void => {
      size += piece.byteLength;
      pieces.push(piece);
      const refused = size > limit ? beyond() : undefined;
      if (refused !== undefined) settle(refused);
    };
    request.on("data", onData);
    request.once("end", () => settle(Buffer.concat(pieces).toString("utf8")));
    request.once("error", () => settle(undefined));
    request.once("close", () => settle(undefined));
  });
}

/** The bytes of a body, or the refusal of one that is longer; undefined: the client went away. */
export async function wholeBody(
  request: IncomingMessage,
  most: number,
): Promise<Buffer | EngineAnswer | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > most) return tooLong(most);
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    for await (const piece of request) {
      size += piece.byteLength;
      if (size > most) return tooLong(most);
      pieces.push(piece);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(pieces);
}

const tooLong = (most: number): EngineAnswer => refusal(413, `body is longer than ${most} bytes`);
