const CENSORED = "[redacted]";

/** Secrets inside of text, such as a URL or a header that a library put into its message. */
const SECRET_TEXT = /(\b(?:api_key|apikey|token|access_token|password|secret)=|\bBearer )[^\s"'&\\]+/gi;

/** Takes secrets out of text: what is named as one, and the worker's own token wherever it stands. */
export function scrubber(masterToken: string): (text: string) => string {
  // A token of a few letters would blank out innocent words.
  const token = masterToken.length >= 6 ? masterToken : undefined;
  const inJson = token === undefined ? undefined : JSON.stringify(token).slice(1, -1);
  return (text) => {
    let scrubbed = text.replace(SECRET_TEXT, `$1${CENSORED}`);
    if (inJson !== undefined) scrubbed = scrubbed.replaceAll(inJson, CENSORED);
    return token === undefined || token === inJson ? scrubbed : scrubbed.replaceAll(token, CENSORED);
  };
}
