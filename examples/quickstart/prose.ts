import { paint, WIDTH } from "./screen.js";

const MARGIN = "  │ ";

/** Prints a text that comes piece by piece, broken into lines between words, with a rule at its left. */
export class Prose {
  /** Columns written in this line; 0 before its margin. */
  #column = 0;
  /** Blanks between the last word and the next, which a line break takes the place of. */
  #blanks = "";

  write(piece: string): void {
    for (const part of piece.split(/(\s+)/)) {
      if (part.trim() === "") this.#blanks += part;
      else this.#writeWord(part);
    }
  }

  /** Ends the last line. */
  end(): void {
    if (this.#column > 0) process.stdout.write("\n");
    this.#column = 0;
    this.#blanks = "";
  }

  #writeWord(word: string): void {
    const isFull = this.#column + this.#blanks.length + word.length > WIDTH;
    if (this.#column > 0 && (isFull || this.#blanks.includes("\n"))) this.end();
    if (this.#column === 0) {
      process.stdout.write(paint("dim", MARGIN));
      this.#column = MARGIN.length;
      this.#blanks = "";
    }
    process.stdout.write(this.#blanks + word);
    this.#column += this.#blanks.length + word.length;
    this.#blanks = "";
  }
}
