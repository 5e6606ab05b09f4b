import { line } from "./screen.js";

/** The worker's log lines that the story is made of; the worker writes further ones. */
interface LogLine {
  readonly level?: number;
  readonly msg?: string;
  readonly state?: string;
  readonly fault?: string;
  readonly maxPerf?: number;
  readonly loadtime?: number;
  readonly round?: number;
  readonly rounds?: number;
  readonly throughput?: number;
}

/** pino's level of a warning. */
const WARNING = 40;

/** Columns of the bar of the best round. */
const BAR = 40;

/** Reads a worker's log, a JSON object per line, and prints what happens to it. */
export class WorkerStory {
  /** Epoch seconds from which its times count. */
  readonly startedAt = Date.now() / 1000;
  #state = "starting";
  /** Throughput that fills a bar: the bars are to be compared, whatever the numbers. */
  #scale = 0;

  /** The worker's state, as it last told it. */
  get state(): string {
    return this.#state;
  }

  /** Reads one line of the worker's output. What is not JSON, such as a stack of Node's, is printed as it is. */
  tell(text: string): void {
    const entry = parsed(text);
    if (entry === undefined) line("worker", text, "red");
    else if (entry.msg === "state") this.#tellState(entry);
    else if (entry.msg === "benchmark round") this.#tellRound(entry);
    else if ((entry.level ?? 0) >= WARNING) line(this.#time(), text, "red");
  }

  #tellState({ state = "", fault, maxPerf, loadtime }: LogLine): void {
    this.#state = state;
    const details = {
      loading: "the model is loading its weights",
      benchmarking: "measuring what the model can do",
      verifying: "waiting for the health URL and the engine's public key",
      ready: `capacity ${maxPerf?.toFixed(1)} tokens/s, ready ${loadtime?.toFixed(1)} s after the start`,
      errored: fault ?? "",
      draining: "no new requests, finishing the others",
      stopped: "the last reports are delivered",
    };
    const detail = state in details ? details[state as keyof typeof details] : "";
    const style = state === "ready" ? "green" : state === "errored" ? "red" : "cyan";
    line(this.#time(), `${state.padEnd(13)} ${detail}`, style);
  }

  #tellRound({ round, rounds, throughput = 0 }: LogLine): void {
    if (this.#scale === 0) this.#scale = throughput * 1.1;
    const bar = "█".repeat(Math.max(1, Math.min(BAR, Math.round((BAR * throughput) / this.#scale))));
    line("", `  round ${round} of ${rounds}  ${throughput.toFixed(1).padStart(8)} tokens/s  ${bar}`);
  }

  #time(): string {
    return `${(Date.now() / 1000 - this.startedAt).toFixed(1).padStart(6)} s`;
  }
}

function parsed(text: string): LogLine | undefined {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return undefined;
  }
}
