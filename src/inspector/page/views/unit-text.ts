/** What the values of a chart are. */
export type Unit =
  | "units"
  | "units/s"
  | "requests"
  | "requests/s"
  | "sessions"
  | "reports/s"
  | "ms"
  | "%"
  | "bytes";

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

const KIB = 1024;

/** Durations and sizes in the unit that keeps them short. */
function scaled(value: number, steps: readonly (readonly [string, number])[]): string {
  const [name, size] = steps.findLast(([, least]) => Math.abs(value) >= least) ?? steps[0] ?? ["", 1];
  return `${compact.format(value / size)} ${name}`;
}

/** A chart's value in few characters, such as `1.5 s`, `12.3K`, `85%`, `312 MiB`. */
export function unitText(value: number, unit: Unit): string {
  switch (unit) {
    case "ms":
      return scaled(value, [
        ["ms", 1],
        ["s", 1000],
        ["min", 60_000],
      ]);
    case "%":
      return `${compact.format(value * 100)}%`;
    case "bytes":
      return scaled(value, [
        ["B", 1],
        ["KiB", KIB],
        ["MiB", KIB ** 2],
        ["GiB", KIB ** 3],
      ]);
    default:
      return compact.format(value);
  }
}
