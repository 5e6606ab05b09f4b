/**
 * Prints one line about something that happened: the local time, a short label, the rest.
 *
 * @param print where to; standard output, unless that is for something else.
 */
export function printEvent(label: string, text: string, print: (line: string) => void = console.log): void {
  const time = new Date().toTimeString().slice(0, 8);
  print(`${time}  ${label.padEnd(9)} ${text}`);
}
