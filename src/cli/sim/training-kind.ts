import type { TrainingModelOptions } from "../../simulator/training/training-model-options.js";
import { count, numberFrom, positive } from "../option-values.js";
import type { SimKind } from "./sim-kind.js";

/** A server that trains a model, in tasks that are started, asked about and cancelled. */
export const trainingKind: SimKind<TrainingModelOptions> = {
  name: "training",
  description: "a server that trains a model, in one task at a time",
  port: 8080,
  sample: {
    route: "/start_task",
    payload: { epochs: 3, max_train_batches_per_epoch: 20, session_id: "none" },
    cost: 100,
  },
  addFlags: (command) => {
    command
      .option("--batches-per-second <rate>", "pace of a task", positive, 20)
      .option("--batches-per-epoch <count>", "batches that the data has", count, 200)
      .option("--seed <number>", "seed of the losses", numberFrom(0), 1);
  },
  model: async (options) => {
    const { TrainingModel } = await import("../../simulator/training/training-model.js");
    return new TrainingModel(options);
  },
};
