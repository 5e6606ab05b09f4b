/** How much of an answer is quoted in an error, in characters. */
const LIMIT = 500;

/** What an error says of an answer's body: a page of HTML comes down to its title. */
export function quoted(text: string): string {
  if (!isHtml(text)) return text.trim().slice(0, LIMIT) || "(nothing)";
  const title = /<title[^>]*>([^<]*)/i.exec(text)?.[1]?.trim();
  return title ? `HTML, "${title.slice(0, LIMIT)}"` : "HTML";
}

const isHtml = (text: string): boolean => /^\s*<(?:!doctype html|html|head|body)\b/i.test(text);
