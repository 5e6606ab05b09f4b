/** Options of a {@link TrainingModel}. */
export interface TrainingModelOptions {
  /**
   * Pace of a task.
   * @default 20
   */
  readonly batchesPerSecond?: number;
  /**
   * Batches that the data has: those of an epoch, unless a task wants fewer.
   * @default 200
   */
  readonly batchesPerEpoch?: number;
  /**
   * Seed of the losses.
   * @default 1
   */
  readonly seed?: number;
}
