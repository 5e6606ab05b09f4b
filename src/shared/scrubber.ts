const CENSORED = "[redacted]";

/** Secrets inside of text, such as a URL or a header that a library put into its message. */
const SECRET_TEXT = /(\b(?:api_key|apikey|token|access_token|password|secret)=|\bBearer )[^\s"'&\\]+/gi;

/** The user and the password of a URL. */
const CREDENTIALS = /(\b[a-z][a-z\d+.-]*:\/\/)[^\s/?#"'\\]*@/gi;

/** Takes secrets out of text: what is named as one, and these wherever they stand. */
export function scrubber(secrets: readonly string[]): (text: string) => string {
  const sought = secrets
    // One of a few letters would blank out innocent words.
    .filter((secret) => secret.length >= 6)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
    // What holds another one goes first.
    .toSorted((a, b) => b.length - a.length);
  const unique = [...new Set(sought)];
  return (text) => {
    const scrubbed = text.replace(SECRET_TEXT, `$1${CENSORED}`).replace(CREDENTIALS, `$1${CENSORED}@`);
    return unique.reduce((rest, secret) => rest.replaceAll(secret, CENSORED), scrubbed);
  };
}
