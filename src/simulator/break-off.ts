import type { ServerResponse } from "node:http";

/** Pieces of an answer that are written before it breaks off. */
const WRITTEN = 3;

/**
 * Makes the server die in the middle of an answer: after some pieces of it, or before its end where it has fewer. A
 * refusal is whole.
 */
export function breakOff(response: ServerResponse, crash: () => void): void {
  let written = 0;
  const write = response.write.bind(response);
  response.write = (...piece: unknown[]): boolean => {
    const more: boolean = Reflect.apply(write, response, piece);
    written += 1;
    // What was written leaves first.
    if (written === WRITTEN) setImmediate(crash);
    return more;
  };
  const end = response.end.bind(response);
  response.end = (...last: unknown[]) => {
    if (response.statusCode >= 400) return Reflect.apply(end, response, last);
    if (written < WRITTEN) setImmediate(crash);
    return response;
  };
}
