import type { Handler } from "../../../../../../src/worker/config/config-schema.js";
import type { BodyFormat } from "../../../../../../src/worker/request/envelope/body.js";
import { readEnvelope } from "../../../../../../src/worker/request/envelope/envelope-reader.js";
import { readyPayload } from "../../../../../../src/worker/request/envelope/payload.js";

/** What of a handler matters here. */
export type EnvelopeHandler = Partial<
  Pick<Handler, "requestParser" | "workloadCalculator" | "multipart" | "remoteFunction" | "sseKeepAliveMs">
>;

/** Reads the payload's value. */
export const LOOKED_AT: EnvelopeHandler = { workloadCalculator: () => 1 };

/** Reads a whole body of a verified client, and its payload. */
export function read(body: Buffer, handler: EnvelopeHandler = {}, format: BodyFormat = "json") {
  const result = readEnvelope(body, format, { authorize: () => true });
  if (result?.kind !== "envelope") return result;
  const { authData, sessionId } = result;
  const payload = readyPayload(result.payload, format, { sseKeepAliveMs: null, ...handler });
  if (payload.kind !== "payload") return payload;
  const { value, body: sent, contentType } = payload;
  const bytes = typeof sent === "string" ? Buffer.from(sent, "latin1") : Buffer.concat([sent].flat());
  return { kind: "envelope" as const, authData, sessionId, value, body: bytes, contentType };
}
