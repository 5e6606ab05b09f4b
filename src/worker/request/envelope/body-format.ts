/** How a body is written. */
export type BodyFormat = "json" | "msgpack";

/** Media types under which msgpack travels; the first is the registered one. */
const MSGPACK = ["application/msgpack", "application/vnd.msgpack", "application/x-msgpack"];

/** How a body is written. What does not say that it is msgpack is read as JSON, as the reference does. */
export function formatOf(contentType: string): BodyFormat {
  if (contentType === "application/json" || contentType === "") return "json";
  const [type = ""] = contentType.split(";");
  return MSGPACK.includes(type.trim().toLowerCase()) ? "msgpack" : "json";
}
