import { describe, expect, test } from "vitest";
import { Places } from "../../src/client/request/places.js";

const never = (): AbortSignal => new AbortController().signal;

/** Takes a place, and tells whether it has it. */
function taking(places: Places, signal = never()) {
  const state = { has: false, giveBack: () => {} };
  const done = places.take(signal).then((giveBack) => {
    state.has = true;
    state.giveBack = giveBack;
  });
  return { state, done };
}

/** Whatever can happen without waiting has happened. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe("places", () => {
  test("are given out until there are none, and then in order", async () => {
    const places = new Places(2);
    const all = [1, 2, 3, 4].map(() => taking(places));
    await settled();
    expect(all.map(({ state }) => state.has)).toEqual([true, true, false, false]);
    all[1]?.state.giveBack();
    await settled();
    expect(all.map(({ state }) => state.has)).toEqual([true, true, true, false]);
  });

  test("are not given back twice", async () => {
    const places = new Places(1);
    const first = taking(places);
    await first.done;
    first.state.giveBack();
    first.state.giveBack();
    const [second, third] = [taking(places), taking(places)];
    await settled();
    expect([second.state.has, third.state.has]).toEqual([true, false]);
  });

  test("go past whoever has stopped waiting", async () => {
    const places = new Places(1);
    const controller = new AbortController();
    const first = taking(places);
    const second = taking(places, controller.signal);
    const third = taking(places);
    await first.done;
    controller.abort(new Error("no longer wanted"));
    await expect(second.done).rejects.toThrow("no longer wanted");
    first.state.giveBack();
    await third.done;
  });

  test("are not taken by who has stopped before", async () => {
    const places = new Places(1);
    await expect(places.take(AbortSignal.abort(new Error("no longer wanted")))).rejects.toThrow("no longer");
    await taking(places).done;
  });

  test("stand in a line of 10,000 without getting slow", async () => {
    const places = new Places(1);
    const first = taking(places);
    await first.done;
    const order: number[] = [];
    const all = Array.from({ length: 10_000 }, async (_, index) => {
      const giveBack = await places.take(never());
      order.push(index);
      giveBack();
    });
    first.state.giveBack();
    await Promise.all(all);
    expect(order).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
  });
});
