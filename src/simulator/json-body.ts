import { ZodError, type z } from "zod";
import { RefusedRequest } from "./simulated-model.js";

/**
 * Reads a JSON body.
 *
 * @throws RefusedRequest with `status` when it is no JSON or does not fit.
 */
export function jsonBody<Schema extends z.ZodType>(
  body: Buffer,
  schema: Schema,
  status = 400,
): z.infer<Schema> {
  try {
    return schema.parse(JSON.parse(body.toString("utf8")));
  } catch (error) {
    throw new RefusedRequest(status, faultOf(error));
  }
}

function faultOf(error: unknown): string {
  if (error instanceof SyntaxError) return `the body is not JSON: ${error.message}`;
  if (!(error instanceof ZodError)) throw error;
  return error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`).join("; ");
}
