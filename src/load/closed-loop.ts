interface ClosedLoopInput {
  /** How many requests there are at a time. */
  readonly concurrency: number;
  /** How many there are altogether; Infinity: until it is stopped. */
  readonly count: number;
  /** Sends a request and resolves when it has ended, in whatever way. */
  readonly send: (index: number) => Promise<void>;
  /** Ends it: no request is sent any more. */
  readonly stop: AbortSignal;
}

/** Keeps a number of requests under way: where one ends, the next one begins. */
export async function closedLoop({ concurrency, count, send, stop }: ClosedLoopInput): Promise<void> {
  let next = 0;
  const sendAll = async (): Promise<void> => {
    while (next < count && !stop.aborted) {
      next += 1;
      await send(next - 1);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, sendAll));
}
