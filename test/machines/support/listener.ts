import { type ActorRef, createActor, type EventObject, fromCallback, type Snapshot } from "xstate";

/** An actor that does nothing but keep what it is sent, or what of it is to be kept. */
export function listener<TEvent extends EventObject>(isKept: (event: TEvent) => boolean = () => true) {
  const received: TEvent[] = [];
  const actor = createActor(
    fromCallback<TEvent>(({ receive }) => {
      receive((event) => {
        if (isKept(event)) received.push(event);
      });
    }),
  ).start();
  return { received, ref: actor as unknown as ActorRef<Snapshot<unknown>, TEvent> };
}
