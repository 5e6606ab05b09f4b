import { STATUS_CODES } from "node:http";
import type { Answered } from "./simulated-model.js";

/** An answer as uvicorn logs it, which most model servers in Python stand on. */
export function accessLine({ from, request, status }: Answered): string {
  return `${from} - "${request.method} ${request.url} HTTP/1.1" ${status} ${STATUS_CODES[status] ?? ""}`;
}
