/** A worker's place among those that serve. */
export interface Place {
  /** Seconds on the clock: when the worker is done with what it has. */
  readonly freeAt: number;
  /** Takes the worker out; gives when it is done with what it has. */
  leave(): number;
}

/** The queues of workers that serve. Work goes to the shortest expected queue: to who is free first. */
export interface WorkerQueues {
  /** @param freeAt - when the worker is done with what it has. */
  join(capacity: number, freeAt: number): Place;
}
