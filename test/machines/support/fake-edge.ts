import type { ActorLogic } from "xstate";
import type { EdgeEvent, EdgeInput, EdgeSnapshot } from "../../../machines/edge.js";
import type { QueueOpened, SessionsOpened } from "../../../machines/events.js";

/** Stands in for the edge: keeps what it is sent, and tells the worker what the test says. */
export class FakeEdge {
  readonly received: EdgeEvent[] = [];
  /** Set to make it die of the next event. */
  fatal: Error | undefined;
  #worker: EdgeInput["worker"] | undefined;

  readonly logic: ActorLogic<EdgeSnapshot, EdgeEvent, EdgeInput> = {
    getInitialSnapshot: (_scope, { worker }) => {
      this.#worker = worker;
      return {
        status: "active",
        output: undefined,
        error: undefined,
        context: { traffic: { open: false, reason: "loading" }, open: 0 },
      };
    },
    transition: (snapshot, event) => {
      if (this.fatal !== undefined) throw this.fatal;
      this.received.push(event);
      return snapshot;
    },
    getPersistedSnapshot: (snapshot) => snapshot,
  };

  /** What it heard of traffic, oldest first, but for what is waited for. */
  get traffic(): readonly EdgeEvent[] {
    return this.received.filter(({ type }) => type.startsWith("traffic.") && type !== "traffic.awaited");
  }

  /** What it heard that is waited for, oldest first. */
  get awaited(): readonly (string | undefined)[] {
    return this.received.flatMap((event) => (event.type === "traffic.awaited" ? [event.seen] : []));
  }

  /** What it heard of a queue, oldest first. */
  opened(name: string): readonly QueueOpened["ref"][] {
    return this.received.flatMap((event) =>
      event.type === "queue.opened" && event.queue === name ? [event.ref] : [],
    );
  }

  /** What it heard of sessions, oldest first, without the addresses of their actors. */
  get sessions(): readonly EdgeEvent[] {
    return this.received.filter(({ type }) => /^sessions?\./.test(type) && type !== "sessions.opened");
  }

  /** The sessions actors that it heard of, oldest first. */
  get sessionsOpened(): readonly SessionsOpened["ref"][] {
    return this.received.flatMap((event) => (event.type === "sessions.opened" ? [event.ref] : []));
  }

  /** The last admitted request has ended. */
  drained(): void {
    this.#worker?.send({ type: "traffic.drained" });
  }
}
