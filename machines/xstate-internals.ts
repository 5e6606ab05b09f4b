import type { AnyActorRef, AnyStateMachine, AnyTransitionDefinition, EventObject, Snapshot } from "xstate";

// All that is used of xstate beyond its documented interface. A new version of xstate that changes any of it fails the
// tests of this file.

/** The end of an actor, as xstate reports it to the actor's parent. */
export interface ActorEnd {
  readonly how: "done" | "error";
  /** Id of the actor that ended. */
  readonly actor: string;
}

/** @returns undefined for any other event. */
export function actorEndOf(eventType: string): ActorEnd | undefined {
  const [, how, actor] = /^xstate\.(done|error)\.actor\.(.+)$/s.exec(eventType) ?? [];
  return actor === undefined ? undefined : { how: how === "done" ? "done" : "error", actor };
}

const AFTER = "xstate.after.";

/**
 * The delay of an `after` transition, as the machine's definition has it: a name, or milliseconds as text.
 *
 * @param stateId id of the state that the transition leads out of.
 * @returns undefined for any other event.
 */
export function delayOf(eventType: string, stateId: string): string | undefined {
  return eventType.startsWith(AFTER) ? eventType.slice(AFTER.length, -`.${stateId}`.length) : undefined;
}

/** Whether an event is that of an `after` transition: its receiver has scheduled it for itself. */
export const isDelayEvent = (eventType: string): boolean => eventType.startsWith(AFTER);

/** Undefined: a root. */
export const parentOf = (actor: AnyActorRef): AnyActorRef | undefined => actor._parent;

/** An event that an actor will receive later. */
export interface ScheduledEvent {
  readonly target: AnyActorRef;
  readonly event: EventObject;
  /** Milliseconds of `Date.now()`. */
  readonly startedAt: number;
  /** Milliseconds. */
  readonly delay: number;
}

/** All scheduled events of the system that an actor belongs to. */
export const scheduledEvents = ({ system }: AnyActorRef): readonly ScheduledEvent[] =>
  Object.values(system.getSnapshot()._scheduledEvents);

interface Scope {
  readonly self: AnyActorRef;
  readonly system: AnyActorRef["system"];
}

/** Schedules an event for the actor itself, on the clock of its system. @param id for {@link cancelOwn}. */
export function scheduleOwn({ self, system }: Scope, event: EventObject, delayMs: number, id: string): void {
  system.scheduler.schedule(self, self, event, delayMs, id);
}

/** Cancels an event that {@link scheduleOwn} has scheduled. */
export function cancelOwn({ self, system }: Scope, id: string): void {
  system.scheduler.cancel(self, id);
}

/** The transitions that an event itself causes in a state, without the `always` transitions that follow. */
export const transitionsOf = (
  machine: AnyStateMachine,
  before: Snapshot<unknown>,
  event: EventObject,
): readonly AnyTransitionDefinition[] =>
  machine.getTransitionData(before as Parameters<AnyStateMachine["getTransitionData"]>[0], event);

/** Whether an actor's logic is a state machine. */
export const isMachine = (logic: object): logic is AnyStateMachine => "getTransitionData" in logic;
