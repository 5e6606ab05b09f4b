/** Options of an {@link Engine}. */
export interface EngineOptions {
  /** Name of its one endpoint. */
  readonly endpoint: string;
  /** The endpoint's key, which clients need for `/route/`. */
  readonly apiKey: string;
  /**
   * Address to listen on.
   * @default "127.0.0.1"
   */
  readonly host?: string;
  /**
   * Port to listen on; 0: any free one.
   * @default 0
   */
  readonly port?: number;
  /** The `mtoken` that reports must carry; others are answered 401. Default: any. */
  readonly token?: string;
  /** RSA private key, PEM. Default: a new one of 2048 bits at every start of the process. */
  readonly privateKey?: string;
  /**
   * How many of the newest reports, and how many of the newest ended requests, are kept.
   * @default 10000
   */
  readonly history?: number;
  /**
   * Seconds without a report after which a worker gets no more requests. Workers report every 10 s.
   * @default 35
   */
  readonly silentAfter?: number;
}
