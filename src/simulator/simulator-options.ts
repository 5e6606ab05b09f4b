import type { Closing } from "./closing.js";

/**
 * What goes wrong with a simulated model server:
 *
 * - `out-of-memory`: the GPU's memory does not suffice; it says so in its log while it loads, and dies;
 * - `never-ready`: it hangs before it has loaded;
 * - `no-ready-line`: it loads, but does not write the line that says so;
 * - `crash-in-answer`: it dies in the middle of an answer.
 */
export type Failure = (typeof FAILURES)[number];

/** Every {@link Failure}. */
export const FAILURES = ["out-of-memory", "never-ready", "no-ready-line", "crash-in-answer"] as const;

/** Options that every `ModelSimulator` has, whatever it simulates. */
export interface SimulatorOptions {
  /**
   * Address to listen on.
   * @default "127.0.0.1"
   */
  readonly host?: string;
  /**
   * Port to listen on; 0: any free one.
   * @default 0
   */
  readonly port?: number;
  /** File that the log is appended to, line by line. Its folder must exist. Default: no log. */
  readonly logFile?: string;
  /** Told of every line of the log, in the file or not. */
  readonly onLogLine?: (line: string) => void;
  /**
   * Seconds from start to the line that tells that the model has loaded.
   * @default 1
   */
  readonly loadSeconds?: number;
  /** What goes wrong. Default: nothing. */
  readonly fail?: Failure;
  /**
   * Which request's answer `crash-in-answer` is for, counted from 1.
   * @default 1
   */
  readonly failAt?: number;
  /** When it closes connections that are kept alive. Default: as the server that it plays. */
  readonly closing?: Closing;
  /** Seconds after which it is started again when it has died, and then nothing goes wrong any more. Default: never. */
  readonly restartSeconds?: number;
}

/** What a `ModelSimulator` has done since its start. */
export interface SimulatorStats {
  /** Requests accepted, running and waiting ones included; those that ask for no work are left out. */
  readonly requests: number;
  /** Requests that wait for others to end. */
  readonly waiting: number;
  /** Requests that are being served now. */
  readonly running: number;
  /** Requests answered to the end. */
  readonly completed: number;
  /** Requests whose client went away before the end, or that a crash ended. */
  readonly cancelled: number;
  /** Requests refused: bad input, or not ready. */
  readonly refused: number;
  /** What was produced, in pieces of the model's own: tokens, steps, batches. */
  readonly produced: number;
}
