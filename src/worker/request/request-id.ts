import type { RequestHead } from "../server/http-server.js";

/** Name of the header by which a client, the worker and the model call a request. */
export const REQUEST_ID = "x-request-id";

const VALID = /^[\x21-\x7e]{1,128}$/;

/** Whether a request may have this id: 1 to 128 visible ASCII characters. */
export const isRequestId = (text: string): boolean => VALID.test(text);

/**
 * The id that the client has given its request. The server trims it; a signed request with an id that is not valid is served
 * without one, as it was before ids were read.
 *
 * @param head valid during the call.
 * @returns undefined without one, and for one that is not valid.
 */
export function requestIdOf(head: Pick<RequestHead, "header">): string | undefined {
  const given = head.header(REQUEST_ID);
  return given !== "" && isRequestId(given) ? given : undefined;
}
