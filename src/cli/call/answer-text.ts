/** Longest text in an answer that a terminal is shown whole; a picture in base64 would push out all else. */
const SHOWN_LENGTH = 2000;
const BEGINNING = 60;

/**
 * JSON as one reads it; anything else as it is.
 *
 * @param brief long texts are cut short: somebody looks at them, and no program reads them.
 */
export function answerText(body: string, brief: boolean): string {
  const cut = (_: string, value: unknown): unknown =>
    brief && typeof value === "string" && value.length > SHOWN_LENGTH
      ? `${value.slice(0, BEGINNING)}… (${value.length} characters; into a file or a pipe they come whole)`
      : value;
  try {
    return JSON.stringify(JSON.parse(body), cut, 2);
  } catch {
    return body;
  }
}
