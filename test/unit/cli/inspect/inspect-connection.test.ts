import { expect, test } from "vitest";
import { InspectSequence } from "../../../../src/cli/inspect/inspect-connection.js";
import { actorOf, eventOf, helloOf, tickOf } from "../../../support/inspect-frames.js";

const row = (ref: string) => actorOf({ ref, id: ref, kind: "session" });

test("a hello and ticks stay what they are", () => {
  const sequence = new InspectSequence();
  const frames = [helloOf({ records: [eventOf(1)] }), tickOf([eventOf(2)]), tickOf([])];
  expect(frames.map((frame) => sequence.take(frame))).toEqual(frames);
});

test("a tick before the hello has no place", () => {
  expect(new InspectSequence().take(tickOf([]))).toBeUndefined();
});

test("a second hello counts as a tick with what is new in it, and with the actors that ended meanwhile", () => {
  const sequence = new InspectSequence();
  sequence.take(helloOf({ actors: [row("x:0"), row("x:1")], records: [eventOf(1)] }));
  sequence.take(tickOf([eventOf(2)], { actors: [row("x:2")], gone: ["x:1"] }));
  const actors = [row("x:0"), row("x:3")];
  const frame = sequence.take(helloOf({ actors, records: [eventOf(1), eventOf(2), eventOf(4)] }));
  expect(frame).toEqual(tickOf([eventOf(4)], { actors, gone: ["x:2"], lanes: [], timers: [] }));
  const again = sequence.take(helloOf({ actors, actorsLeftOut: 1, records: [eventOf(2), eventOf(4)] }));
  expect(again).toMatchObject({ type: "tick", gone: [], records: [], actorsLeftOut: 1 });
});
