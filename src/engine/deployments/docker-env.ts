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

/** A variable in the options of `docker run`: all of its words, and what it sets. */
interface Variable {
  readonly index: number;
  readonly count: number;
  readonly name: string;
  readonly value: string;
}

function variablesOf(words: readonly string[]): readonly Variable[] {
  return words.flatMap((word, index) => {
    const joined = /^(?:-e|--env)=?(.+)$/s.exec(word)?.[1];
    const isApart = word === "-e" || word === "--env";
    const given = isApart ? words[index + 1] : joined;
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(unquoted(given ?? "")) ?? [];
    if (name === undefined || value === undefined) return [];
    return [{ index, count: isApart ? 2 : 1, name, value }];
  });
}

/** Options of `docker run`, with asterisks for the values of variables. */
export function withoutValues(options: string): string {
  const words: readonly string[] = options.match(WORD) ?? [];
  const shown = [...words];
  for (const { index, count, name } of variablesOf(words)) {
    shown.fill("", index, index + count);
    shown[index] = `-e ${name}=********`;
  }
  return shown.filter((word) => word !== "").join(" ");
}

/**
 * The variables in options of `docker run`, such as `-e NAME=value -p 3000:3000`. Values may be quoted as for a shell; options
 * other than `-e` are left out.
 */
export function variablesIn(options: string): Readonly<Record<string, string>> {
  return Object.fromEntries(variablesOf(options.match(WORD) ?? []).map(({ name, value }) => [name, value]));
}
