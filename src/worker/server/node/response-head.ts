import { type ServerResponse, STATUS_CODES } from "node:http";
import type { ResponseHead } from "../http-server.js";

/** What Node.js refuses in the value of a header, and what else cannot be told in one byte. */
const REFUSED = /[^\t\x20-\x7e\x80-\xff]/g;

/**
 * Writes the head of an answer, to go out with what follows.
 *
 * @param more further headers.
 * @throws for a status or the name of a header that is none; another answer can be given then.
 */
export function writeHead(
  res: ServerResponse,
  { status, headers }: ResponseHead,
  more: readonly string[],
): void {
  const all: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? "";
    // The server writes its own.
    if (name.length === 4 && name.toLowerCase() === "date") continue;
    // Control characters are invalid there, and to be read as blanks (RFC 9110 §5.5).
    all.push(name, headers[index + 1]?.replace(REFUSED, " ") ?? "");
  }
  all.push(...more);
  // Without `Connection: keep-alive` and `Keep-Alive`: that it is kept is the rule.
  res.removeHeader("connection");
  res.writeHead(status, STATUS_CODES[status] ?? "Unknown", all);
}
