/** What others said, for an error, without the key. One as short as a word is none, and would make nonsense of it. */
export const withoutKey = (text: string, apiKey: string): string =>
  apiKey.length < 8 ? text : text.replaceAll(apiKey, "<the key>");
