import type { AnyActorRef } from "xstate";
import type { TimerView } from "./frames.js";

/** Timers that are shown. */
const MAX_TIMERS = 100;

/** The events that the actors of a system have scheduled, the next one first. */
export function timersOf(root: AnyActorRef): readonly TimerView[] {
  const { _scheduledEvents: scheduled } = root.system.getSnapshot();
  return Object.values(scheduled)
    .map(({ target, event, startedAt, delay }) => ({
      ref: target.sessionId,
      event: event.type,
      startedAt,
      delay,
    }))
    .toSorted((a, b) => a.startedAt + a.delay - (b.startedAt + b.delay))
    .slice(0, MAX_TIMERS);
}
