import { EventHeap } from "./event-heap.js";
import type { Place, WorkerQueues } from "./worker-queues.js";

interface Queue extends Place {
  freeAt: number;
  readonly capacity: number;
  hasLeft: boolean;
}

/** The queues of workers when each request is told apart. A worker works on one request at a time. */
export class RequestQueues implements WorkerQueues {
  /** Each queue once, by the moment at which its worker is free. Those that have left go when they come up. */
  readonly #byFreeAt = new EventHeap<Queue>();

  join(capacity: number, freeAt: number): Place {
    const queue: Queue = {
      freeAt,
      capacity,
      hasLeft: false,
      leave: () => {
        queue.hasLeft = true;
        return queue.freeAt;
      },
    };
    this.#byFreeAt.add(freeAt, queue);
    return queue;
  }

  /**
   * Puts a request that was asked for at `at` into the shortest expected queue; gives when it is begun, or
   * undefined where all workers are busy until after `latest`.
   */
  put(work: number, at: number, latest: number): number | undefined {
    for (let queue = this.#byFreeAt.take(latest); queue; queue = this.#byFreeAt.take(latest)) {
      if (queue.hasLeft) continue;
      const begins = Math.max(at, queue.freeAt);
      queue.freeAt = begins + work / queue.capacity;
      this.#byFreeAt.add(queue.freeAt, queue);
      return begins;
    }
    return undefined;
  }
}
