import { z } from "zod";
import type { Random } from "../../../shared/random.js";

const number = z.number("expected a number").nonnegative("expected a number from 0 on");

/**
 * A random quantity: a constant; uniform between two numbers; or log-normal with a mean, as loading times are distributed.
 */
export const amountSchema = z.union(
  [
    number,
    z
      .strictObject({ from: number, to: number })
      .refine(({ from, to }) => from <= to, "expected from to be at most to"),
    z.strictObject({ mean: number, deviation: number }),
  ],
  'expected a number, {"from", "to"} or {"mean", "deviation"}, all from 0 on',
);

export type Amount = z.output<typeof amountSchema>;

export function meanOf(amount: Amount): number {
  if (typeof amount === "number") return amount;
  return "mean" in amount ? amount.mean : (amount.from + amount.to) / 2;
}

export function drawn(amount: Amount, random: Random): number {
  if (typeof amount === "number") return amount;
  if ("from" in amount) return amount.from + (amount.to - amount.from) * random();
  const { mean, deviation } = amount;
  if (mean === 0) return 0;
  const variance = Math.log(1 + (deviation / mean) ** 2);
  return mean * Math.exp(Math.sqrt(variance) * normal(random) - variance / 2);
}

/** Standard normal, after Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
