import type { IncomingMessage } from "node:http";
import type { Access, Admission } from "./admission.js";
import { type EngineAnswer, refusal } from "./exchange.js";

/** Longest body of a call whose sender is not known yet, in bytes. */
const MOST_UNKNOWN = 64 * 1024;
/** Longest body of a call whose sender has the key or the token, in bytes. */
const MOST_KNOWN = 4 * 1024 * 1024;

/** Who sends a body. */
interface Sender {
  readonly access: Access;
  readonly admission: Admission;
  /** Whether the head of the call was enough to let it in. */
  readonly isKnown: boolean;
}

/**
 * The body of a call as text, or the refusal of one that is too long; undefined: the client has gone.
 *
 * Without the key or the token in the head, 64 KiB are read. A longer report goes on if the token stands in these.
 */
export async function admittedBody(
  request: IncomingMessage,
  { access, admission, isKnown }: Sender,
): Promise<string | EngineAnswer | undefined> {
  const canShowToken = access === "worker" && !isKnown;
  const announced = Number(request.headers["content-length"] ?? 0);
  const most = isKnown || canShowToken ? MOST_KNOWN : MOST_UNKNOWN;
  if (announced > most) return tooLong(most);
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let limit = isKnown ? MOST_KNOWN : MOST_UNKNOWN;
    let size = 0;
    const settle = (result: string | EngineAnswer | undefined): void => {
      request.removeListener("data", onData);
      resolve(result);
    };
    const beyond = (): EngineAnswer | undefined => {
      if (!canShowToken || limit === MOST_KNOWN) return tooLong(limit);
      const shown = admission.byStart(Buffer.concat(pieces).toString("utf8", 0, MOST_UNKNOWN));
      if (shown === "wrong token") return refusal(401, "invalid mtoken");
      if (shown === "no token") return tooLong(limit);
      limit = MOST_KNOWN;
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

const tooLong = (most: number): EngineAnswer => refusal(413, `body is longer than ${most} bytes`);
