import type { z } from "zod";

/** What is wrong with an input, each fault with its field. */
export function faultsIn(error: z.ZodError): readonly string[] {
  return error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`);
}

/** The same in one line. */
export const faults = (error: z.ZodError): string => faultsIn(error).join("; ");
