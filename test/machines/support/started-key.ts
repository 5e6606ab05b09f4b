import { createActor, type InspectionEvent, SimulatedClock } from "xstate";
import type { KeyFailed, KeyHeld } from "../../../machines/events.js";
import { keyMachine } from "../../../machines/key.js";
import { Calls } from "./calls.js";
import { listener } from "./listener.js";
import { settled } from "./settled.js";

/** A key actor whose tries the test answers. */
export function startedKey(inspect: (event: InspectionEvent) => void = () => {}) {
  const clock = new SimulatedClock();
  const fetchKey = new Calls<string>();
  const worker = listener<KeyHeld | KeyFailed>();
  const key = createActor(keyMachine.provide({ actors: { fetchKey: fetchKey.logic } }), {
    clock,
    inspect,
    input: { worker: worker.ref },
  }).start();
  return {
    key,
    fetchKey,
    /** The events that the worker received. */
    reported: worker.received,
    pass: async (ms: number) => {
      clock.increment(ms);
      await settled();
    },
  };
}
