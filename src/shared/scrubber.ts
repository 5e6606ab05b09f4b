export const CENSORED = "[redacted]";

/** Secrets inside of text, such as a URL or a header in an error message of a library. */
const SECRET_TEXT = /(\b(?:api_key|apikey|token|access_token|password|secret)=|\bBearer )[^\s"'&\\]+/gi;

/** The user and the password of a URL. */
const CREDENTIALS = /(\b[a-z][a-z\d+.-]*:\/\/)[^\s/?#"'\\]*@/gi;

/** Redacts secrets in text: values of fields that are named as secrets, and the given ones anywhere. */
export function scrubber(secrets: readonly string[]): (text: string) => string {
  const longest = secrets
    // A secret of a few letters would match inside of words.
    .filter((secret) => secret.length >= 6)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
    // A secret that contains another one is replaced first.
    .toSorted((a, b) => b.length - a.length);
  const unique = [...new Set(longest)];
  return (text) => {
    const scrubbed = text.replace(SECRET_TEXT, `$1${CENSORED}`).replace(CREDENTIALS, `$1${CENSORED}@`);
    return unique.reduce((rest, secret) => rest.replaceAll(secret, CENSORED), scrubbed);
  };
}
