import { random } from "../shared/random.js";

/** Which of several payloads a request gets. */
export type PayloadOrder = "turn" | "random";

export const PAYLOAD_ORDERS = ["turn", "random"] as const satisfies readonly PayloadOrder[];

/**
 * Makes a function that says, request by request, which of `count` payloads it gets: one after the other, or
 * drawn, each with the same chance. The same seed draws the same.
 */
export function payloadOrder(order: PayloadOrder, count: number, seed: number): () => number {
  if (order === "random") {
    const draw = random(seed);
    return () => Math.floor(draw() * count);
  }
  let next = 0;
  return () => next++ % count;
}
