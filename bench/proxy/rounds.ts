import { median } from "../median.js";
import type { Contender } from "./measure.js";

/** Runs of several contenders, by name: one a round, taken turn by turn. */
export class Rounds<Run> {
  readonly #runs = new Map<string, Run[]>();

  /** Runs every contender in every round. `line` is printed after a run. */
  static async take<Run, C extends Pick<Contender, "name">>(
    rounds: number,
    contenders: readonly C[],
    run: (contender: C) => Promise<Run>,
    line: (run: Run) => string,
  ): Promise<Rounds<Run>> {
    const taken = new Rounds<Run>();
    for (const contender of contenders) taken.#runs.set(contender.name, []);
    for (let round = 1; round <= rounds; round++) {
      for (const contender of contenders) {
        const result = await run(contender);
        taken.#runs.get(contender.name)?.push(result);
        console.log(`round ${round}/${rounds}  ${contender.name.padEnd(28)} ${line(result)}`);
      }
    }
    return taken;
  }

  get names(): readonly string[] {
    return [...this.#runs.keys()];
  }

  median(name: string, value: (run: Run) => number): number {
    return median(this.#valuesOf(name, value));
  }

  /**
   * How many times another contender's value one has: the median of the ratios of each round, because what else
   * happens on a machine changes from round to round.
   */
  ratio(name: string, other: string, value: (run: Run) => number): number {
    const others = this.#valuesOf(other, value);
    return median(this.#valuesOf(name, value).map((own, round) => own / (others[round] ?? Number.NaN)));
  }

  #valuesOf(name: string, value: (run: Run) => number): readonly number[] {
    return (this.#runs.get(name) ?? []).map(value);
  }
}
