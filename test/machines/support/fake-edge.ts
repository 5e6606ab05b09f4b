import type { ActorLogic } from "xstate";
import type { EdgeEvent, EdgeInput, EdgeSnapshot } from "../../../machines/edge.js";
import type { QueueOpened, SessionsOpened } from "../../../machines/events.js";

/** A fake edge: it keeps the events that it receives, and sends the worker those of the test. */
export class FakeEdge {
  readonly received: EdgeEvent[] = [];
  /** Set to make the next event throw. */
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

  /** Traffic events, oldest first, without those about what is waited for. */
  get traffic(): readonly EdgeEvent[] {
    return this.received.filter(({ type }) => type.startsWith("traffic.") && type !== "traffic.awaited");
  }

  /** What was reported as waited for, oldest first. */
  get awaited(): readonly (string | undefined)[] {
    return this.received.flatMap((event) => (event.type === "traffic.awaited" ? [event.seen] : []));
  }

  /** The actors of a queue, oldest first. */
  opened(name: string): readonly QueueOpened["ref"][] {
    return this.received.flatMap((event) =>
      event.type === "queue.opened" && event.queue === name ? [event.ref] : [],
    );
  }

  /** Events about sessions, oldest first, without the references of their actors. */
  get sessions(): readonly EdgeEvent[] {
    return this.received.filter(({ type }) => /^sessions?\./.test(type) && type !== "sessions.opened");
  }

  /** The sessions actors, oldest first. */
  get sessionsOpened(): readonly SessionsOpened["ref"][] {
    return this.received.flatMap((event) => (event.type === "sessions.opened" ? [event.ref] : []));
  }

  /** The last admitted request has ended. */
  drained(): void {
    this.#worker?.send({ type: "traffic.drained" });
  }
}
