/** Maximum length of an excerpt, in characters. */
const EXCERPT_LENGTH = 500;

/** The beginning of a response's body for an error message; of an HTML page its title. */
export function excerpt(text: string): string {
  if (!isHtml(text)) return text.trim().slice(0, EXCERPT_LENGTH) || "(nothing)";
  const title = /<title[^>]*>([^<]*)/i.exec(text)?.[1]?.trim();
  return title ? `HTML, "${title.slice(0, EXCERPT_LENGTH)}"` : "HTML";
}

const isHtml = (text: string): boolean => /^\s*<(?:!doctype html|html|head|body)\b/i.test(text);

/** The target of a redirect; undefined: it is none. A browser hides the target. */
export function redirectTarget({ headers, status, type }: Response): string | undefined {
  if (type === "opaqueredirect") return "another URL";
  return status >= 300 && status < 400 && status !== 304
    ? (headers.get("location") ?? "another URL")
    : undefined;
}

/** Undefined where the text is not JSON. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The fields of an object, and none of any other value. */
export const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

/** A text of a server, which may repeat the key, for an error message. A key as short as a word is not replaced. */
export const withoutKey = (text: string, apiKey: string): string =>
  apiKey.length < 8 ? text : text.replaceAll(apiKey, "<the key>");
