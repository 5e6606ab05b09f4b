import { z } from "zod";

/** The output of another node: its id, and the slot. */
export type Link = readonly [node: string, slot: number];

/** A node of a workflow in ComfyUI's API format. */
export interface WorkflowNode {
  readonly class_type: string;
  /** Values, and links to other nodes. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** A workflow in ComfyUI's API format: nodes by id. */
export type Workflow = Readonly<Record<string, WorkflowNode>>;

const nodeSchema = z.looseObject({
  class_type: z.string(),
  inputs: z.record(z.string(), z.unknown()).default({}),
});

/** Parses a node; undefined: it is invalid. */
export function nodeOf(value: unknown): WorkflowNode | undefined {
  return nodeSchema.safeParse(value).data;
}

/** Whether an input is a list: links are the only lists. */
export const isListed = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** Parses a link; undefined: it is invalid. */
export function linkOf(value: unknown): Link | undefined {
  if (!isListed(value) || value.length !== 2) return undefined;
  const [node, slot] = value;
  return typeof node === "string" && typeof slot === "number" ? [node, slot] : undefined;
}

/** A node and its dependencies in order of execution, after those of `before`. */
export function dependenciesOf(
  workflow: Workflow,
  id: string,
  before: readonly string[] = [],
): readonly string[] {
  const order = [...before];
  const seen = new Set(before);
  const visit = (each: string): void => {
    if (seen.has(each)) return;
    seen.add(each);
    for (const value of Object.values(workflow[each]?.inputs ?? {})) {
      const link = linkOf(value);
      if (link) visit(link[0]);
    }
    order.push(each);
  };
  visit(id);
  return order;
}

/** Replaces each `__RANDOM_INT__` with a random number of its own. */
export function withRandomNumbers(value: unknown): unknown {
  if (typeof value === "string") {
    if (value === RANDOM) return randomNumber();
    return value.replaceAll(RANDOM, () => String(randomNumber()));
  }
  if (Array.isArray(value)) return value.map(withRandomNumbers);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withRandomNumbers(each)]));
}

const RANDOM = "__RANDOM_INT__";
const randomNumber = (): number => Math.floor(Math.random() * 2 ** 32);
