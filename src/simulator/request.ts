import type { IncomingMessage } from "node:http";
import { ZodError, type z } from "zod";
import { RefusedRequest } from "./simulated-model.js";

const BASE = "http://model";

/** Path and query of a request; undefined where what it names is no path, such as `//`. */
export function requestUrl({ url = "/" }: IncomingMessage): URL | undefined {
  return URL.canParse(url, BASE) ? new URL(url, BASE) : undefined;
}

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

/** @throws RefusedRequest 400 for a body that is no `multipart/form-data`. */
export async function formBody({ headers }: IncomingMessage, body: Buffer): Promise<FormData> {
  const type = headers["content-type"] ?? "";
  if (!type.startsWith("multipart/form-data")) {
    throw new RefusedRequest(400, `expected multipart/form-data, got ${type || "no content type"}`);
  }
  try {
    return await new Response(new Uint8Array(body), { headers: { "content-type": type } }).formData();
  } catch {
    throw new RefusedRequest(400, "the body is not multipart/form-data");
  }
}
