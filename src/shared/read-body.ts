import type { IncomingMessage } from "node:http";

/** A body exceeds the limit. The rest of it is read and discarded. */
export class BodyTooLarge extends Error {
  override readonly name = "BodyTooLarge";

  constructor(readonly limit: number) {
    super(`body is longer than ${limit} bytes`);
  }
}

/**
 * Reads the body of a request.
 *
 * Bytes beyond `limit` are read and discarded, not left in the socket: the client could otherwise block in writing and
 * never read the response.
 *
 * @throws {BodyTooLarge}
 * @throws the socket's error when the client disconnects.
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
    request.once("close", () => reject(new Error("the client disconnected")));
  });
}
