import type { IncomingMessage } from "node:http";

/** A body is longer than the stand-in takes. The rest of it is being read and thrown away. */
export class BodyTooLarge extends Error {
  override readonly name = "BodyTooLarge";

  constructor(readonly limit: number) {
    super(`body is longer than ${limit} bytes`);
  }
}

/**
 * The body of a request.
 *
 * What is beyond `limit` bytes is read and dropped, not left in the socket: the client could otherwise be
 * stuck writing and never come to read the answer that says why.
 *
 * @throws {BodyTooLarge}
 * @throws the socket's error when the client went away.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let size = 0;
    const onData = (piece: Buffer) => {
      size += piece.byteLength;
      if (size <= limit) {
        pieces.push(piece);
        return;
      }
      request.removeListener("data", onData);
      request.resume();
      reject(new BodyTooLarge(limit));
    };
    request.on("data", onData);
    request.once("end", () => resolve(Buffer.concat(pieces)));
    request.once("error", reject);
    request.once("close", () => reject(new Error("the client went away")));
  });
}
