/** Milliseconds that this server waits for a client. */
export interface NodeLimits {
  /** For the head of a request, from its first byte or from the opening of the connection. @default 30000 */
  readonly headMs: number;
  /** Without a byte of a request's body, after which it is given up: as with uWebSockets.js. @default 30000 */
  readonly bodyIdleMs: number;
  /** For the rest of a body that was answered before it was whole. @default 30000 */
  readonly restMs: number;
  /**
   * In which a client may read why it is refused in the middle of its body, before the connection is closed: as with
   * uWebSockets.js. @default 1000
   */
  readonly lingerMs: number;
  /** In which a client takes nothing of its answer, after which it is cut off: as with uWebSockets.js. @default 60000 */
  readonly stallMs: number;
  /** Between two requests on a connection. @default 75000 */
  readonly keepAliveMs: number;
  /**
   * Without a byte on a WebSocket, after which its client is cut off at the latest; in the middle of that time it is sent
   * a ping. As with uWebSockets.js. @default 60000
   */
  readonly socketIdleMs: number;
  /** For the client's part of the closing handshake of a WebSocket. @default 5000 */
  readonly closeMs: number;
}

/** What a worker waits. */
export const NODE_LIMITS: NodeLimits = {
  headMs: 30_000,
  bodyIdleMs: 30_000,
  // Long enough to send what is under way, and to read the answer.
  restMs: 30_000,
  lingerMs: 1000,
  stallMs: 60_000,
  // More than the 60 s after which most proxies and clients give an idle connection up: one that is used just when the
  // server closes it is reset.
  keepAliveMs: 75_000,
  socketIdleMs: 60_000,
  closeMs: 5_000,
};

/** Bytes that a client has not taken yet, beyond which whoever sends is to pause. */
export const HIGH_WATER = 64 * 1024;
