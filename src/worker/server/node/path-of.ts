/** Splits the target of a request as it was sent: its path, and the query without the question mark. */
export function pathOf(target = ""): readonly [path: string, query: string] {
  const mark = target.indexOf("?");
  return mark < 0 ? [target, ""] : [target.slice(0, mark), target.slice(mark + 1)];
}
