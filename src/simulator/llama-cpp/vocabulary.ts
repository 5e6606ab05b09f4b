/** Most different tokens; all others are one, as unknown ones. */
const SIZE = 128_000;
/** Characters of the longest token. */
const LONGEST = 256;
const UNKNOWN = 0;

/** The token that begins a prompt. */
export const BEGIN = 1;

/** A tokenizer: each word, with the spaces before it, is a token. Tokens are numbered as they occur. */
export class Vocabulary {
  readonly size = SIZE;
  readonly #ids = new Map<string, number>();
  readonly #pieces: string[] = ["", ""];

  tokenize(text: string): readonly number[] {
    return (text.match(/\s*\S+|\s+$/g) ?? []).map((piece) => this.#idOf(piece));
  }

  /** The text of tokens; one that has not occurred has none. */
  detokenize(ids: readonly number[]): string {
    return ids.map((id) => this.#pieces[id] ?? "").join("");
  }

  #idOf(piece: string): number {
    const known = this.#ids.get(piece);
    if (known !== undefined) return known;
    if (piece.length > LONGEST || this.#pieces.length >= SIZE) return UNKNOWN;
    const id = this.#pieces.length;
    this.#pieces.push(piece);
    this.#ids.set(piece, id);
    return id;
  }
}
