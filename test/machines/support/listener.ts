import { type ActorRef, createActor, type EventObject, fromCallback, type Snapshot } from "xstate";

/** An actor that does nothing but keep what it is sent. */
export function listener<TEvent extends EventObject>() {
  const heard: TEvent[] = [];
  const actor = createActor(
    fromCallback<TEvent>(({ receive }) => {
      receive((event) => heard.push(event));
    }),
  ).start();
  return { heard, ref: actor as unknown as ActorRef<Snapshot<unknown>, TEvent> };
}
