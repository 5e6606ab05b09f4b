import { type Faults, faultsOf, integer, isObject, optional, type Rule, text } from "../checks/payload.js";
import type { NodeCatalog } from "./node-catalog.js";
import { side } from "./side.js";

const FIELD = "input.modifications";

const seed: Rule = (value, payload) =>
  value === "__RANDOM_INT__" || integer(0)(value, payload) === undefined
    ? undefined
    : 'must be an integer from 0 on, or "__RANDOM_INT__" for a new one each time';

const RULES: Readonly<Record<string, Rule>> = {
  prompt: text("a red kite"),
  width: optional(side),
  height: optional(side),
  steps: optional(integer(1, 10_000)),
  seed: optional(seed),
};

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
  const modifications = given ?? {};
  if (!isObject(modifications)) {
    faults[FIELD] = 'must be an object such as {"prompt": "a red kite", "steps": 20}';
    return;
  }
  if (modifier !== "Text2Image") return;
  for (const [name, fault] of Object.entries(faultsOf(RULES, modifications))) {
    faults[`${FIELD}.${name}`] = fault;
  }
  for (const [name, node] of Object.entries(CHOICES)) {
    const fault = catalog.choiceFault(node, name, modifications[name]);
    if (fault !== undefined) faults[`${FIELD}.${name}`] = fault;
  }
}
