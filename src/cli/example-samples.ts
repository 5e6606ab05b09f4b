import { exampleOf } from "./example-of.js";
import type { Sample } from "./sim/sim-kind.js";

/** Requests to try, for the examples that have no model server whose kind would know one. */
const SAMPLES: Readonly<Record<string, Sample>> = {
  functions: { route: "/digest", payload: { text: "hello" }, cost: 1 },
  reserve: { route: "/reserve", payload: { duration: 1 }, cost: 100 },
};

/** A request to try with a worker. @param file of the worker. @returns undefined where none is known. */
export function sampleFor(file: string): Sample | undefined {
  return SAMPLES[exampleOf(file) ?? ""];
}
