import { STATUS_CODES } from "node:http";

const statusLines = new Map<number, string>();

/** `200 OK`; the text is kept, because every answer needs it. */
export function statusLine(status: number): string {
  let line = statusLines.get(status);
  if (line === undefined) {
    line = `${status} ${STATUS_CODES[status] ?? "Unknown"}`;
    statusLines.set(status, line);
  }
  return line;
}
