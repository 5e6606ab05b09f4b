/** Where an answer sends its reader instead; undefined where it does not. A browser does not tell where. */
export function redirectOf({ headers, status, type }: Response): string | undefined {
  if (type === "opaqueredirect") return "another URL";
  return status >= 300 && status < 400 && status !== 304
    ? (headers.get("location") ?? "another URL")
    : undefined;
}
