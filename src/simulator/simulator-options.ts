import type { Closing } from "./closing.js";

/**
 * Failures of a simulated model server:
 *
 * - `out-of-memory`: the GPU's memory does not suffice: it logs that while it loads, and dies;
 * - `never-ready`: it hangs before it has loaded;
 * - `no-ready-line`: it loads, but does not log that;
 * - `crash-in-answer`: it dies in the middle of an answer.
 */
export type Failure = (typeof FAILURES)[number];

/** Every {@link Failure}. */
export const FAILURES = ["out-of-memory", "never-ready", "no-ready-line", "crash-in-answer"] as const;

/** What a model is for. */
export type Purpose = (typeof PURPOSES)[number];

/** Every {@link Purpose}. */
export const PURPOSES = ["text", "embeddings", "ranking", "speech", "transcriptions", "images"] as const;

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
  /** Called with every line of the log, in the file or not. */
  readonly onLogLine?: (line: string) => void;
  /**
   * Seconds from start to the line that reports that the model has loaded.
   * @default 1
   */
  readonly loadSeconds?: number;
  /** The failure. Default: none. */
  readonly fail?: Failure;
  /**
   * Which request's answer `crash-in-answer` is for, counted from 1.
   * @default 1
   */
  readonly failAt?: number;
  /** When it closes idle connections. Default: as the simulated server. */
  readonly closing?: Closing;
  /** Seconds after a crash until it starts again, without the failure. Default: never. */
  readonly restartSeconds?: number;
}

/** Counts of a `ModelSimulator` since its start. */
export interface SimulatorStats {
  /** Inference requests accepted, running and waiting ones included. */
  readonly requests: number;
  /** Requests that wait for a free slot. */
  readonly waiting: number;
  /** Requests that are being served now. */
  readonly running: number;
  /** Requests answered to the end. */
  readonly completed: number;
  /** Requests whose client went away before the end, or that a crash ended. */
  readonly cancelled: number;
  /** Requests refused: bad input, or not ready. */
  readonly refused: number;
  /** Units produced: tokens, steps or batches. */
  readonly produced: number;
}
