import { z } from "zod";
import { formatErrors, TsworkerError } from "../../../shared/errors.js";
import { strictScalingParametersSchema, workerCountSchema } from "../scaling-parameters.js";
import { type Amount, amountSchema, meanOf } from "./amount.js";
import { type LoadCurve, loadAt, loadCurveSchema } from "./load-curve.js";

/** More would take minutes. */
const MOST_STEPS = 10_000_000;
const MOST_REQUESTS = 20_000_000;

const seconds = z.number("expected seconds").positive("expected seconds, more than 0");

const workers = z.strictObject(
  {
    /** Workload per second. */
    capacity: amountSchema.refine((capacity) => meanOf(capacity) > 0, "expected a capacity over 0"),
    /** Dollars per hour from creation on, while it is not inactive. */
    price: amountSchema.default(0.5),
    /** Dollars per hour while it is inactive. */
    inactive_price: amountSchema.default(0.02),
    /** Seconds from the order to the machine. */
    creating: amountSchema.default({ mean: 60, deviation: 30 }),
    /** Seconds from the machine to the model that serves. */
    loading: amountSchema.default({ mean: 240, deviation: 120 }),
    /** Seconds from inactive to serving. */
    starting: amountSchema.default({ mean: 10, deviation: 5 }),
    /** How often a worker fails in a day, on average. */
    failures_per_day: z.number("expected a number").nonnegative("expected a number from 0 on").default(0),
  },
  "expected an object",
);

const scenarioSchema = z
  .strictObject(
    {
      /** Seconds that are simulated. */
      duration: seconds,
      load: loadCurveSchema,
      workers,
      parameters: strictScalingParametersSchema.prefault({}),
      /** Workers at the beginning. */
      begins_with: z
        .strictObject(
          { active: workerCountSchema.default(0), inactive: workerCountSchema.default(0) },
          "expected an object",
        )
        .default({ active: 0, inactive: 0 }),
      /** Workload of a request. Without it, the workload is a fluid without single requests. */
      request_workload: amountSchema
        .refine((workload) => meanOf(workload) > 0, "expected a workload over 0")
        .optional(),
      /** Seconds after which a client that waits at the engine gives up; without it, never. */
      give_up_after: seconds.optional(),
      /** Seconds from one plan to the next. */
      plan_every: seconds.default(10),
      /** Seconds that the rolling average of the load looks back. */
      average_over: seconds.default(60),
      /** Seconds that the clock moves at once. */
      step: seconds.default(1),
      seed: z.int("expected an integer").default(1),
    },
    "expected an object",
  )
  .superRefine((scenario, context) => {
    if (scenario.duration / scenario.step > MOST_STEPS) {
      context.addIssue({
        code: "custom",
        path: ["step"],
        message: `expected at most ${MOST_STEPS} steps in all`,
      });
    }
    if (requestsIn(scenario) > MOST_REQUESTS) {
      context.addIssue({
        code: "custom",
        path: ["request_workload"],
        message: `expected at most ${MOST_REQUESTS} requests in all; without it, the load has no single requests`,
      });
    }
  });

/** Approximate number of requests. */
function requestsIn({
  duration,
  load,
  request_workload,
}: {
  readonly duration: number;
  readonly load: LoadCurve;
  readonly request_workload?: Amount | undefined;
}): number {
  if (request_workload === undefined) return 0;
  const moments = Array.from({ length: 1000 }, (_, index) => loadAt(load, (duration * (index + 0.5)) / 1000));
  const mean = moments.reduce((sum, each) => sum + each, 0) / moments.length;
  return (duration * mean) / meanOf(request_workload);
}

/** An endpoint, its workers and its clients, for a simulation. */
export type Scenario = Readonly<z.output<typeof scenarioSchema>>;

/**
 * Reads a scenario.
 *
 * @throws TsworkerError `CONFIG_INVALID`, whose message lists all errors with their places.
 */
export function parseScenario(input: unknown): Scenario {
  const { data, error } = scenarioSchema.safeParse(input);
  if (data !== undefined) return data;
  const faults = error.issues.flatMap((issue) => {
    const place = (...more: readonly PropertyKey[]): string => [...issue.path, ...more].map(String).join(".");
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => `${place(key)}: there is no such key`);
    return `${place() || "the scenario"}: ${issue.message}`;
  });
  throw new TsworkerError("CONFIG_INVALID", formatErrors("the scenario", faults));
}
