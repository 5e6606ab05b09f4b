import { line } from "./screen.js";
import { figuresOf } from "./tables.js";

/** Columns of the bar of the best round. */
const BAR = 30;

/** Prints the states and benchmark rounds of a worker as they arrive. */
export class WorkerStory {
  /** Epoch milliseconds from which its times count. */
  readonly startedAt = Date.now();
  /** Throughput that fills a bar: the bars are to be compared, whatever the numbers. */
  #scale = 0;

  /** @param text a state and what goes with it. */
  printState(text: string): void {
    const [state = ""] = text.split(/\s/, 1);
    const { maxPerf = 0, loadtime = 0 } = figuresOf(text);
    const details: Readonly<Record<string, string>> = {
      starting: "the process starts",
      loading: "the model is loading its weights",
      benchmarking: "measuring what the model can do",
      verifying: "waiting for the health URL and the public key",
      ready: `capacity ${maxPerf.toFixed(1)} tokens/s, loaded in ${loadtime.toFixed(1)} s`,
      draining: "no new requests, finishing the others",
      stopped: "the last reports are delivered",
    };
    const isGood = state in details;
    const seconds = `${((Date.now() - this.startedAt) / 1000).toFixed(1).padStart(6)} s`;
    const description = isGood ? `${state.padEnd(13)} ${details[state]}` : text;
    line(seconds, description, state === "ready" ? "green" : isGood ? "cyan" : "red");
  }

  /** @param text a round of the benchmark. */
  printRound(text: string): void {
    const { round, rounds, throughput = 0 } = figuresOf(text);
    if (this.#scale === 0) this.#scale = throughput * 1.1;
    const bar = "█".repeat(Math.max(1, Math.min(BAR, Math.round((BAR * throughput) / this.#scale))));
    line("", `  round ${round} of ${rounds}  ${throughput.toFixed(1).padStart(8)} tokens/s  ${bar}`);
  }
}
