import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Columns that everything printed stays within. */
export const WIDTH = 100;

const hasColors = process.stdout.isTTY && !process.env.NO_COLOR;

/** Colours a text on a terminal that may have colours, and leaves it alone anywhere else. */
export function paint(style: Style, text: string): string {
  return hasColors ? styleText(style, text) : text;
}

/** Prints the heading of a section. */
export function heading(text: string): void {
  console.log(`\n${paint("bold", `━━ ${text} ${"━".repeat(WIDTH - 4 - text.length)}`)}`);
}

/** Prints a line under a heading: a short label, then the rest. */
export function line(label: string, text: string, style: Style = "cyan"): void {
  console.log(`  ${paint(style, label.padEnd(13))} ${text}`);
}

/** Prints an error to the error stream. */
export function printError(message: string): void {
  console.error(`\n${paint("red", "error:")} ${message}`);
}
