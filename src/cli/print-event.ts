/** Prints one line about something that happened: the local time, a short label, the rest. */
export function printEvent(label: string, text: string): void {
  const time = new Date().toTimeString().slice(0, 8);
  console.log(`${time}  ${label.padEnd(9)} ${text}`);
}
