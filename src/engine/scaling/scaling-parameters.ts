import { z } from "zod";

const amount = z.number("expected a number").nonnegative("expected a number from 0 on");
const seconds = z.number("expected seconds").positive("expected seconds, more than 0");

/** A plan for as many takes a moment. */
const MAX_WORKERS = 100_000;
/** A number of workers. */
export const workerCountSchema = z
  .int("expected an integer")
  .nonnegative("expected an integer from 0 on")
  .max(MAX_WORKERS, `expected at most ${MAX_WORKERS}`);

const DEFAULT_TARGET_QUEUE_TIME = 10;

const shape = {
  /** Hard cap on workers in any state. */
  max_workers: workerCountSchema.default(16),
  /** Minimum number of workers, active or inactive. `max_workers` caps it. */
  cold_workers: workerCountSchema.default(5),
  /** Minimum of the active capacity, in workload per second; 0 lets all workers become inactive. */
  min_load: amount.default(1),
  /** Share of the active capacity that the load may fill. */
  target_util: z
    .number("expected a number")
    .positive("expected a number over 0, and at most 1")
    .max(1, "expected a number over 0, and at most 1")
    .default(0.9),
  /** Total capacity, active and inactive, as a multiple of the active capacity aimed at. */
  cold_mult: z.number("expected a number").min(1, "expected a number from 1 on").default(3),
  /** Minimum of the total capacity, in workload per second. */
  min_cold_load: amount.default(0),
  /** Seconds of expected queue beyond which a worker gets no more requests. */
  max_queue_time: seconds.default(30),
  /** Seconds of expected queue beyond which capacity is added for the queue. */
  target_queue_time: seconds.optional(),
  /**
   * Seconds without a request after which all workers may become inactive; 0: at once; negative: never. Without it,
   * the rolling average of the load decides.
   */
  inactivity_timeout: z
    .number("expected seconds")
    .nullish()
    .transform((timeout) => timeout ?? undefined),
};

/** `min_workers` is another name of `cold_workers`, which takes precedence. */
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

/** The parameters of scaling by their names on the wire, with their defaults. Unknown keys are dropped. */
export const scalingParametersSchema = withRules(z.object(shape, "expected an object"));

/** The same for files that people write: an unknown key is an error. */
export const strictScalingParametersSchema = withRules(z.strictObject(shape, "expected an object"));

/** Parameters of scaling, by their names on the wire. */
export type ScalingParameters = Readonly<z.output<typeof scalingParametersSchema>>;

/**
 * Applies a change to parameters of scaling; the result is yet to be validated. A parameter that is null stays as it is,
 * because clients send all parameters.
 */
export function changedScaling(
  { cold_workers, target_queue_time, ...others }: ScalingParameters,
  given: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const change = withNumbers(withoutNulls(given));
  return {
    ...others,
    // Superseded by its other name, or by a limit below it.
    ...(change.min_workers === undefined && { cold_workers }),
    ...(!(Number(change.max_queue_time) < target_queue_time) && { target_queue_time }),
    ...change,
  };
}

/** Converts parameters that are the text of a number: clients send some of them so. */
export function withNumbers(given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const isNumber = typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value));
      return [name, isNumber && (name in shape || name === "min_workers") ? Number(value) : value];
    }),
  );
}

/** Drops keys that are null or undefined. */
export function withoutNulls(given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined && value !== null),
  );
}
