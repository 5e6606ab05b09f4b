import type { Faults } from "./faults.js";
import type { NodeCatalog } from "./node-catalog.js";
import { recordOf } from "./record-of.js";
import { sizeFault } from "./size-fault.js";

/** The node whose list a modification is chosen from. */
const CHOICES = {
  ckpt_name: "CheckpointLoaderSimple",
  sampler_name: "KSampler",
  scheduler: "KSampler",
} as const;

/** Looks at what a modifier of the wrapper is given; it knows `Text2Image`, and lets others pass. */
export function checkModifications(
  modifier: unknown,
  given: unknown,
  catalog: NodeCatalog,
  faults: Faults,
): void {
  const modifications = recordOf(given ?? {});
  if (!modifications) {
    faults["input.modifications"] = 'must be an object such as {"prompt": "a red kite", "steps": 20}';
    return;
  }
  if (modifier !== "Text2Image") return;
  const note = (name: string, fault: string | undefined): void => {
    if (fault !== undefined) faults[`input.modifications.${name}`] = fault;
  };
  const { prompt, width, height, steps, seed } = modifications;
  if (typeof prompt !== "string" || prompt.trim() === "") note("prompt", "say in words what to paint");
  note("width", sizeFault(width));
  note("height", sizeFault(height));
  if (steps !== undefined && !isInteger(steps, 1, 10_000)) {
    note("steps", "must be an integer from 1 to 10000; 20 are usual");
  }
  if (seed !== undefined && seed !== "__RANDOM_INT__" && !isInteger(seed, 0, Number.MAX_SAFE_INTEGER)) {
    note("seed", 'must be an integer from 0 on, or "__RANDOM_INT__" for a new one each time');
  }
  for (const [name, node] of Object.entries(CHOICES)) {
    note(name, catalog.choiceFault(node, name, modifications[name]));
  }
}

const isInteger = (value: unknown, least: number, most: number): boolean =>
  typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
