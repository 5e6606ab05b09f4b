/** What JSON leaves as it is and Python escapes: DEL and everything beyond ASCII, per UTF-16 code unit. */
const NOT_PRINTABLE_ASCII = /[\u007f-\uffff]/g;

/**
 * The text that the engine signs and a worker verifies for a worker's URL: to the byte what Python's
 * `json.dumps({"url": url}, indent=4, sort_keys=True)` prints.
 *
 * `JSON.stringify` agrees with Python on `\"`, `\\`, the short escapes, control characters and lone
 * surrogates (lowercase hex in both), so that only {@link NOT_PRINTABLE_ASCII} is left to do here.
 *
 * @example
 * ```ts
 * signedMessage("http://127.0.0.1:3000"); // '{\n    "url": "http://127.0.0.1:3000"\n}'
 * ```
 */
export function signedMessage(url: string): string {
  const text = JSON.stringify(url).replace(NOT_PRINTABLE_ASCII, escapeCodeUnit);
  return `{\n    "url": ${text}\n}`;
}

function escapeCodeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
