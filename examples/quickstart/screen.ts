import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** Columns that everything printed stays within. */
const WIDTH = Math.min(process.stdout.columns ?? 100, 100);

const MARGIN = "  │";

const hasColors = process.stdout.isTTY && !process.env.NO_COLOR;

/** Colours a text on a terminal that may have colours, and leaves it alone anywhere else. */
export function paint(style: Style, text: string): string {
  return hasColors ? styleText(style, text) : text;
}

/** Prints the heading of a section. */
export function heading(text: string): void {
  console.log(`\n${paint("bold", `━━ ${text} ${"━".repeat(Math.max(2, WIDTH - 4 - text.length))}`)}`);
}

/** Prints a line under a heading: a short label, then the rest. */
export function line(label: string, text: string, style: Style = "cyan"): void {
  console.log(`  ${paint(style, label.padEnd(13))} ${text}`);
}

/** Prints an error to the error stream. */
export function printError(message: string): void {
  console.error(`\n${paint("red", "error:")} ${message}`);
}

/** Prints a text that comes in pieces, word by word, broken into lines, with a rule at their left. */
export class Prose {
  /** What may be the beginning of a word only. */
  #rest = "";
  #column = 0;

  write(piece: string): void {
    const words = (this.#rest + piece).split(/\s+/);
    this.#rest = words.pop() ?? "";
    for (const word of words) this.#writeWord(word);
  }

  /** Prints the last word. */
  end(): void {
    this.#writeWord(this.#rest);
    this.#endLine();
  }

  #writeWord(word: string): void {
    if (word === "") return;
    if (this.#column + 1 + word.length > WIDTH) this.#endLine();
    if (this.#column === 0) {
      process.stdout.write(paint("dim", MARGIN));
      this.#column = MARGIN.length;
    }
    process.stdout.write(` ${word}`);
    this.#column += 1 + word.length;
  }

  #endLine(): void {
    console.log();
    this.#column = 0;
  }
}
