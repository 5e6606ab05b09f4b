import type { z } from "zod";
import { cut } from "./exchange.js";

/** Faults that are named to the sender of an input. */
export const MOST_FAULTS = 10;
/** Longest text of one, in UTF-16 units. */
const MOST_FAULT = 110;

/** What is wrong with an input, each fault with its field. */
export function faultsIn(error: z.ZodError): readonly string[] {
  return error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`);
}

/** The first ten of them in one line. */
export function faults(error: z.ZodError): string {
  const all = faultsIn(error);
  const first = all.slice(0, MOST_FAULTS).map((fault) => cut(fault, MOST_FAULT));
  return [...first, ...(all.length > MOST_FAULTS ? ["and more"] : [])].join("; ");
}
