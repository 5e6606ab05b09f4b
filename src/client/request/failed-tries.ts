/** Failures that are kept from the beginning and from the end: a request may be retried for hours. */
const KEPT_FIRST = 10;
const KEPT_LAST = 20;

/** The failures of a request's tries, in order, without those in the middle of very many. */
export class FailedTries {
  readonly #kept: unknown[] = [];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(failure: unknown): void {
    this.#count += 1;
    this.#kept.push(failure);
    if (this.#kept.length > KEPT_FIRST + KEPT_LAST) this.#kept.splice(KEPT_FIRST, 1);
  }

  /** A line per failure, with its number. */
  get text(): string {
    const omitted = this.#count - this.#kept.length;
    const lines = this.#kept.map((failure, index) => {
      const number = index < KEPT_FIRST ? index + 1 : index + 1 + omitted;
      return `\n  ${number}. ${failure instanceof Error ? failure.message : String(failure)}`;
    });
    if (omitted > 0) lines.splice(KEPT_FIRST, 0, `\n  (${omitted} more)`);
    return lines.join("");
  }

  get cause(): AggregateError {
    return new AggregateError(this.#kept, "the tries that failed, in order");
  }
}
