/** Bytes of a query that goes to the model: what common model servers take in a request line. */
export const MAX_QUERY_BYTES = 8 * 1024;

/** Parameters for the worker itself, and the key that clients of the engine send: they never go to the model. */
const OWN_PARAMETERS: ReadonlySet<string> = new Set(["envelope", "api_key"]);

/** What cannot stand in the query of a request line as it is. */
const UNSENDABLE = /[^\x21-\x7e]/gu;

/** The text of a parameter's name or value; undefined where its escapes are no UTF-8. */
export function decodedParameter(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}

/** A parameter's name as it was sent. */
export const rawNameOf = (parameter: string): string => parameter.split("=", 1)[0] ?? "";

/**
 * The part of a client's query that goes to the model, with its parameters in their order and as they were written.
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
