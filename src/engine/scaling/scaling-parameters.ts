import { z } from "zod";

const amount = z.number("expected a number").nonnegative("expected a number from 0 on");
const seconds = z.number("expected seconds").positive("expected seconds, more than 0");

/** More than anybody has, and as many as a plan is made for in a moment. */
const MOST_WORKERS = 100_000;
/** A number of workers. */
export const workerCountSchema = z
  .int("expected an integer")
  .nonnegative("expected an integer from 0 on")
  .max(MOST_WORKERS, `expected at most ${MOST_WORKERS}`);

const DEFAULT_TARGET_QUEUE_TIME = 10;

const shape = {
  /** Hard cap on workers, whatever they do. */
  max_workers: workerCountSchema.default(16),
  /** Workers that are kept with their model at hand, active or inactive. `max_workers` caps it. */
  cold_workers: workerCountSchema.default(5),
  /** Workload per second that the active capacity never falls below; 0 lets all workers become inactive. */
  min_load: amount.default(1),
  /** Share of the active capacity that the load may fill. */
  target_util: z
    .number("expected a number")
    .positive("expected a number over 0, and at most 1")
    .max(1, "expected a number over 0, and at most 1")
    .default(0.9),
  /** Total capacity, active and inactive, as a multiple of the active capacity aimed at. */
  cold_mult: z.number("expected a number").min(1, "expected a number from 1 on").default(3),
  /** Workload per second that the total capacity never falls below. */
  min_cold_load: amount.default(0),
  /** Seconds of expected queue beyond which a worker gets no more requests. */
  max_queue_time: seconds.default(30),
  /** Seconds of expected queue beyond which capacity is added for the queue, too. */
  target_queue_time: seconds.optional(),
  /**
   * Seconds without a request after which no worker need be active; 0: at once; negative: never. Without it the
   * rolling average of the load alone decides.
   */
  inactivity_timeout: z
    .number("expected seconds")
    .nullish()
    .transform((timeout) => timeout ?? undefined),
};

/** `min_workers` is another name of `cold_workers`, which counts where both are given. */
function withNames(input: unknown): unknown {
  if (typeof input !== "object" || input === null || !("min_workers" in input)) return input;
  const { min_workers, ...others } = input;
  return { cold_workers: min_workers, ...others };
}

const withRules = <Schema extends z.ZodType<z.output<z.ZodObject<typeof shape>>>>(schema: Schema) =>
  z
    .preprocess(withNames, schema)
    .refine(({ target_queue_time, max_queue_time }) => (target_queue_time ?? 0) <= max_queue_time, {
      path: ["target_queue_time"],
      message: "expected at most max_queue_time",
    })
    .transform((given) => ({
      ...given,
      target_queue_time: given.target_queue_time ?? Math.min(DEFAULT_TARGET_QUEUE_TIME, given.max_queue_time),
    }));

/** The parameters of scaling by their names on the wire, with their defaults. Keys that are none are dropped. */
export const scalingParametersSchema = withRules(z.object(shape, "expected an object"));

/** The same, for files that people write: a key that is none is a fault. */
export const strictScalingParametersSchema = withRules(z.strictObject(shape, "expected an object"));

/** What an endpoint's owner sets. */
export type ScalingParameters = Readonly<z.output<typeof scalingParametersSchema>>;
