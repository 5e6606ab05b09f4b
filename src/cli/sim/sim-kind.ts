import type { Command } from "commander";
import type { SimulatedModel } from "../../simulator/simulated-model.js";

/** A request to try. */
export interface Sample {
  readonly route: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly cost: number;
}

/** A kind of model server that `tsworker sim` can play. */
export interface SimKind<Options extends object = object> {
  /** As it is given on the command line. */
  readonly name: string;
  readonly description: string;
  /** Port that such a server usually has. */
  readonly port: number;
  /** A request for a worker in front of it, to try. */
  readonly sample: Sample;
  /** Adds the flags that only this kind has, with their defaults. */
  addFlags(command: Command): void;
  /**
   * Makes the model, whose code is loaded for it.
   *
   * @param options values of {@link SimKind.addFlags}; those that are absent take the model's own defaults.
   */
  model(options: Partial<Options>): Promise<SimulatedModel>;
}
