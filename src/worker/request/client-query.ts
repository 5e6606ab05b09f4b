/** Longest query for the model in bytes: what common model servers accept in a request line. */
export const MAX_QUERY_BYTES = 8 * 1024;

/** Parameters that the model never receives: the worker's own, and the API key that clients of the engine send. */
const OWN_PARAMETERS: ReadonlySet<string> = new Set(["envelope", "api_key"]);

/** Characters that must be escaped in a request line. */
const UNSENDABLE = /[^\x21-\x7e]/gu;

/** A parameter's name or value without escapes; undefined where they are not UTF-8. */
function decodedParameter(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}

/** A parameter's name as it was sent. */
const rawNameOf = (parameter: string): string => parameter.split("=", 1)[0] ?? "";

/**
 * The part of a client's query for the model: order and spelling of the parameters are kept.
 *
 * @param query behind the question mark, as it was sent.
 * @param forward true: all parameters; false: none; otherwise the names of those that do. `envelope` and `api_key` never do.
 * @returns ASCII without blanks, without the question mark; empty for none. It may be longer than {@link MAX_QUERY_BYTES}.
 */
export function forwardedQuery(query: string, forward: boolean | readonly string[]): string {
  if (query === "" || forward === false) return "";
  const isForwarded = (parameter: string): boolean => {
    const name = decodedParameter(rawNameOf(parameter));
    if (forward === true) return name === undefined || !OWN_PARAMETERS.has(name);
    return name !== undefined && forward.includes(name) && !OWN_PARAMETERS.has(name);
  };
  return query.split("&").filter(isForwarded).join("&").replace(UNSENDABLE, encodeURIComponent);
}

/** The query parameter `envelope`, decoded; of several the first one. */
export function envelopeOf(query: string): string | undefined {
  for (const parameter of query.split("&")) {
    const name = rawNameOf(parameter);
    if (decodedParameter(name) === "envelope")
      return decodedParameter(parameter.slice(name.length + 1)) ?? "";
  }
  return undefined;
}
