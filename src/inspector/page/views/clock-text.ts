const padded = (value: number, length: number): string => String(value).padStart(length, "0");

/** Time of day where the page is looked at, such as `09:05:03.007`. */
export function clockText(at: number): string {
  const date = new Date(at);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()];
  return `${parts.map((part) => padded(part, 2)).join(":")}.${padded(date.getMilliseconds(), 3)}`;
}
