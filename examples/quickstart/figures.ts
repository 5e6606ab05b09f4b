/** The figures of a line such as `worker 1 reported cur_load=64 max_perf=321.5`, by name. */
export function figuresOf(text: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...text.matchAll(/(\w+)=(-?[\d.]+)(?=\s|$)/g)].map(([, name = "", figure]) => [name, Number(figure)]),
  );
}
