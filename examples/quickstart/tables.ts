import Table from "cli-table3";

/** How many of the newest rows are shown: enough for the story, not for a day. */
const SHOWN = 12;

/** Figures of a report that are shown. */
const FIGURES = ["loadtime", "cur_load", "new_load", "cur_perf", "max_perf", "num_requests_working"] as const;

/** Borders without colours: the table is read in files, too. */
const PLAIN = { head: [], border: [], compact: true } satisfies Table.TableConstructorOptions["style"];

/**
 * What a worker reported, as a table; reports that equal the one before are left out.
 *
 * @param log the engine's log `debug`.
 * @param since epoch milliseconds from which times count.
 */
export function reportTable(log: string, since: number): string {
  const rows: (readonly string[])[] = [];
  for (const text of log.split("\n").filter((each) => each.includes(" reported "))) {
    const all = figuresOf(text);
    const figures = FIGURES.map((name) => shown(all[name]));
    if (rows.at(-1)?.slice(1).join() === figures.join()) continue;
    const at = (Date.parse(text.slice(0, text.indexOf(" "))) - since) / 1000;
    rows.push([at.toFixed(1), ...figures]);
  }
  const head = ["at s", ...FIGURES.map((name) => name.replace("num_requests_", ""))];
  return drawn(head, rows);
}

/** The requests that have ended, as a table. @param log the engine's log `trace`. */
export function endedTable(log: string): string {
  const rows = endsIn(log).map(({ requestIdx, status, waited, ran }) => [
    String(requestIdx),
    status,
    seconds(waited),
    seconds(ran),
  ]);
  return drawn(["request_idx", "status", "waited s", "ran s"], rows);
}

/** The requests that have ended, by the engine's log `trace`. Times are in seconds; undefined: they never were. */
export function endsIn(log: string) {
  return [...log.matchAll(/ request (\d+) ended status=(\w+)(.*)$/gm)].map(
    ([, requestIdx, status = "", rest = ""]) => {
      const { waited, ran } = figuresOf(rest);
      return { requestIdx: Number(requestIdx), status, waited, ran };
    },
  );
}

const seconds = (value: number | undefined): string => value?.toFixed(3) ?? "·";

/** With one decimal at most; a dot for 0, so that the others stand out. */
const shown = (figure = 0): string => (figure === 0 ? "·" : String(Math.round(figure * 10) / 10));

function drawn(head: string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({ head, colAligns: head.map(() => "right"), style: PLAIN });
  for (const row of rows.slice(-SHOWN)) table.push([...row]);
  return table.toString().replace(/^/gm, "  ");
}

/** The figures of a line such as `worker 1 reported cur_load=64 max_perf=321.5`, by name. */
export function figuresOf(text: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...text.matchAll(/(\w+)=(-?[\d.]+)(?=\s|$)/g)].map(([, name = "", figure]) => [name, Number(figure)]),
  );
}
