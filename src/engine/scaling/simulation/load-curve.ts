import { z } from "zod";

const load = z.number("expected workload per second").nonnegative("expected workload per second, from 0 on");
const seconds = z.number("expected seconds").positive("expected seconds, more than 0");
const moment = z.number("expected seconds").nonnegative("expected seconds, from 0 on");
/** Maximum random deviation of the load of each step, as a share. */
const noise = z.number("expected a share").min(0, "expected 0 to 1").max(1, "expected 0 to 1").default(0);

const SHAPES = ["steady", "sine", "burst", "spike", "points"] as const;

/** Workload requested over time. */
export const loadCurveSchema = z.discriminatedUnion(
  "shape",
  [
    z.strictObject({ shape: z.literal("steady"), load, noise }),
    /** Begins at `low`, and is at `high` after half a period. */
    z.strictObject({ shape: z.literal("sine"), low: load, high: load, period: seconds, noise }),
    /** `high` for `lasting` seconds at the end of every `every` seconds. */
    z
      .strictObject({
        shape: z.literal("burst"),
        low: load,
        high: load,
        every: seconds,
        lasting: seconds,
        noise,
      })
      .refine(({ every, lasting }) => lasting <= every, {
        path: ["lasting"],
        message: "expected at most every",
      }),
    /** `high` once. */
    z.strictObject({ shape: z.literal("spike"), low: load, high: load, at: moment, lasting: seconds, noise }),
    /** Straight lines between points; level before the first and after the last. */
    z.strictObject({
      shape: z.literal("points"),
      points: z
        .array(z.tuple([moment, load], "expected [seconds, load]"), "expected a list of points")
        .min(1, "expected at least one point")
        .refine(
          (points) => points.every(([at], index) => index === 0 || at > (points[index - 1]?.[0] ?? 0)),
          "expected points in the order of their times",
        ),
      noise,
    }),
  ],
  `expected a shape: ${SHAPES.join(", ")}`,
);

export type LoadCurve = z.output<typeof loadCurveSchema>;

/** Workload per second at `time`, in seconds, without noise. */
export function loadAt(curve: LoadCurve, time: number): number {
  switch (curve.shape) {
    case "steady":
      return curve.load;
    case "sine":
      return curve.low + ((curve.high - curve.low) * (1 - Math.cos((2 * Math.PI * time) / curve.period))) / 2;
    case "burst":
      return time % curve.every >= curve.every - curve.lasting ? curve.high : curve.low;
    case "spike":
      return time >= curve.at && time < curve.at + curve.lasting ? curve.high : curve.low;
    case "points":
      return betweenPoints(curve.points, time);
  }
}

function betweenPoints(points: readonly (readonly [number, number])[], time: number): number {
  const next = points.findIndex(([at]) => at > time);
  const after = points.at(next);
  const before = next === 0 ? after : points.at(next === -1 ? -1 : next - 1);
  if (after === undefined || before === undefined) return 0;
  if (after === before) return before[1];
  return before[1] + ((after[1] - before[1]) * (time - before[0])) / (after[0] - before[0]);
}
