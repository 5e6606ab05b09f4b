import { z } from "zod";

/** Body of `/start_task`. */
export const startSchema = z.object({
  epochs: z.int().positive().max(100_000),
  /** Absent: all batches of the data. */
  max_train_batches_per_epoch: z.int().positive().nullish(),
  session_id: z.string().nullish(),
});

/** Body of `/status` and `/cancel_task`: which task is meant. Without either it is the newest. */
export const choiceSchema = z.object({ task_id: z.string().nullish(), session_id: z.string().nullish() });

export type TaskChoice = z.infer<typeof choiceSchema>;
