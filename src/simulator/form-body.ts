import type { IncomingMessage } from "node:http";
import { RefusedRequest } from "./simulated-model.js";

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
