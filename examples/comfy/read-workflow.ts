import { readFileSync } from "node:fs";

interface WorkflowNode {
  readonly class_type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** Nodes by id, as ComfyUI's "Export (API)" writes them. */
export type Workflow = Readonly<Record<string, WorkflowNode>>;

/**
 * Reads a workflow.
 *
 * @param changes inputs that are to be others, by node.
 */
export function readWorkflow(
  file: URL,
  changes: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
): Workflow {
  const workflow: Workflow = JSON.parse(readFileSync(file, "utf8"));
  const changed = Object.entries(workflow).map(([id, node]): [string, WorkflowNode] => [
    id,
    { ...node, inputs: { ...node.inputs, ...changes[id] } },
  ]);
  return Object.fromEntries(changed);
}
