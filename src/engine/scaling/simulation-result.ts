/** The endpoint at one moment. Loads and capacities in workload per second. */
export interface SimulationSample {
  /** Seconds from the beginning. */
  readonly at: number;
  readonly load: number;
  /** Of active workers. */
  readonly capacity: number;
  readonly wantedCapacity: number;
  readonly active: number;
  readonly inactive: number;
  readonly rising: number;
  readonly failed: number;
  /** Workload that waits at the engine. */
  readonly waiting: number;
  /** Seconds that workload waited which was begun since the last sample. */
  readonly waitP50: number;
  readonly waitP99: number;
  /** Dollars since the beginning. */
  readonly cost: number;
}

/** What a simulation came to. Work in workload, waits in seconds, costs in dollars. */
export interface SimulationSummary {
  readonly seconds: number;
  readonly seed: number;
  readonly work: {
    readonly asked: number;
    readonly begun: number;
    /** Its clients went away. */
    readonly gaveUp: number;
    /** It waited at the engine when the simulation ended. */
    readonly waiting: number;
    /** Its worker failed, and it was asked for again. */
    readonly retried: number;
  };
  readonly wait: {
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly longest: number;
  };
  readonly workers: {
    readonly meanActive: number;
    readonly mostActive: number;
    readonly meanInactive: number;
    readonly most: number;
    readonly created: number;
    readonly destroyed: number;
    readonly activated: number;
    readonly rested: number;
    readonly failed: number;
  };
  /** Share of the active capacity that was used. */
  readonly utilisation: number;
  readonly cost: { readonly total: number; readonly perMillionWorkload: number };
}

export interface SimulationResult {
  readonly samples: readonly SimulationSample[];
  readonly summary: SimulationSummary;
}
