/** Time limits for clients, in milliseconds. */
export interface NodeLimits {
  /** For the head of a request, from its first byte or from the opening of the connection. @default 30000 */
  readonly headMs: number;
  /** Without a byte of a request's body, after which it is too slow: as with uWebSockets.js. @default 30000 */
  readonly bodyIdleMs: number;
  /** For the rest of a body that was answered before it was complete. @default 30000 */
  readonly restMs: number;
  /**
   * For a client to read a refusal that was sent before the end of its body, until the connection is closed: as with
   * uWebSockets.js. @default 1000
   */
  readonly lingerMs: number;
  /** Without progress of an answer, after which the connection is closed: as with uWebSockets.js. @default 60000 */
  readonly stallMs: number;
  /** Between two requests on a connection. @default 75000 */
  readonly keepAliveMs: number;
  /**
   * Without a byte on a WebSocket, after which it is closed at the latest; in the middle of that time the client gets a ping.
   * As with uWebSockets.js. @default 60000
   */
  readonly socketIdleMs: number;
  /** For the client's part of the closing handshake of a WebSocket. @default 5000 */
  readonly closeMs: number;
}

/** The limits of a worker. */
export const NODE_LIMITS: NodeLimits = {
  headMs: 30_000,
  bodyIdleMs: 30_000,
  // Long enough to send what is in flight, and to read the answer.
  restMs: 30_000,
  lingerMs: 1000,
  stallMs: 60_000,
  // More than the 60 s after which most proxies and clients close an idle connection: a request that arrives just when the
  // server closes it would be reset.
  keepAliveMs: 75_000,
  socketIdleMs: 60_000,
  closeMs: 5_000,
};

/** Bytes waiting for a client, beyond which the producer must pause. */
export const HIGH_WATER = 64 * 1024;
