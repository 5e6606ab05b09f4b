import { basename, dirname } from "node:path";
import type { Sample } from "./sim/sim-kind.js";
import { examplesFolder } from "./worker-file.js";

/** Requests to try, for the examples that have no model server whose kind would know one. */
const SAMPLES: Readonly<Record<string, Sample>> = {
  functions: { route: "/digest", payload: { text: "hello" }, cost: 1 },
  reserve: { route: "/reserve", payload: { duration: 1 }, cost: 100 },
};

/** A request to try with a worker. @param file of the worker. @returns undefined where none is known. */
export function sampleFor(file: string): Sample | undefined {
  const folder = dirname(file);
  return dirname(folder) === examplesFolder ? SAMPLES[basename(folder)] : undefined;
}
