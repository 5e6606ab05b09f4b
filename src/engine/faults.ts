import type { z } from "zod";

/** What is wrong with a body, each fault with its field. */
export function faults(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`).join("; ");
}
