const padded = (value: number, length: number): string => String(value).padStart(length, "0");

/** Time of day in the browser's time zone, such as `09:05:03.007`. */
export function clockText(at: number): string {
  const date = new Date(at);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()];
  return `${parts.map((part) => padded(part, 2)).join(":")}.${padded(date.getMilliseconds(), 3)}`;
}

const two = (value: number): string => String(value).padStart(2, "0");

/**
 * A duration in three digits or two units: `0.4 ms`, `240 ms`, `3.24 s`, `2 m 05 s`, `3 h 07 m`, `2 d 03 h`.
 *
 * @param ms is shown as 0 when it is negative: a clock was set back.
 */
export function durationText(ms: number): string {
  // Every limit is where the digits of its line would round up to the next line's.
  if (!(ms > 0)) return "0 ms";
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  if (ms < 9995) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${two(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} m`;
  return `${Math.floor(minutes / 1440)} d ${two(Math.floor(minutes / 60) % 24)} h`;
}

/** How long something has lasted: below a minute in tenths of a second, so that its digits tick calmly. */
export function ageText(ms: number): string {
  const tenths = Math.floor(Math.max(0, ms) / 100);
  return tenths < 600 ? `${(tenths / 10).toFixed(1)} s` : durationText(ms);
}

/** Unit of a chart's values. */
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

const rounded = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** A rate or a count in few characters: `0.4`, `12`, `3.1K`. */
export function countText(count: number): string {
  return rounded.format(count);
}

/** A text of at most `length` characters: what is too much goes from the middle, because ids differ at their ends. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  if (length < 3) return text.slice(0, Math.max(0, length));
  const tail = Math.floor((length - 1) / 2);
  return `${text.slice(0, length - 1 - tail)}…${text.slice(text.length - tail)}`;
}

const AFTER = /^xstate\.after\.([^.]+)/;

/** An event's name as it is read: of a timer only what it waited for. */
export function eventLabel(event: string): string {
  const delay = AFTER.exec(event)?.[1];
  if (delay === undefined) return event;
  return `after ${/^\d+$/.test(delay) ? durationText(Number(delay)) : delay}`;
}

/** A length as style sheets have it. */
export const pixels = (length: number): string => `${length}px`;
