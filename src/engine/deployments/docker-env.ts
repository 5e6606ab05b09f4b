/** A word of a command line: quoted parts, escaped characters and all others. */
const WORD = /(?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s'"\\])+/gs;
const PART = /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^'"\\]+)/gs;

/** Removes the quotes of a shell from a word. */
const unquoted = (word: string): string =>
  word.replaceAll(
    PART,
    (_, single?: string, double?: string, escaped?: string, plain?: string) =>
      single ?? double?.replaceAll(/\\(["\\$`])/g, "$1") ?? escaped ?? plain ?? "",
  );

/**
 * The variables in options of `docker run`, such as `-e NAME=value -p 3000:3000`. Values may be quoted as for a shell; options
 * other than `-e` are left out.
 */
export function variablesIn(options: string): Readonly<Record<string, string>> {
  const words = options.match(WORD) ?? [];
  const variables: Record<string, string> = {};
  for (const [index, word] of words.entries()) {
    const joined = /^(?:-e|--env)=?(.+)$/s.exec(word)?.[1];
    const given = word === "-e" || word === "--env" ? words[index + 1] : joined;
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(unquoted(given ?? "")) ?? [];
    if (name !== undefined && value !== undefined) variables[name] = value;
  }
  return variables;
}
