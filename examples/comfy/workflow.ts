import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { BenchmarkConfig } from "tsworker";
import { isObject } from "../checks/payload.js";

interface WorkflowNode {
  readonly class_type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** Nodes by id, as ComfyUI's "Export (API)" writes them. */
export type Workflow = Readonly<Record<string, WorkflowNode>>;

/**
 * Reads a workflow.
 *
 * @param changes inputs with other values, by node.
 * @throws Error that describes what is wrong with the file.
 */
export function readWorkflow(
  file: URL | string,
  changes: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
): Workflow {
  const workflow: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (!isWorkflow(workflow)) {
    throw new Error('expected nodes by id, each with a class_type, as "Export (API)" of ComfyUI writes them');
  }
  const changed = Object.entries(workflow).map(([id, node]): [string, WorkflowNode] => [
    id,
    { ...node, inputs: { ...node.inputs, ...changes[id] } },
  ]);
  return Object.fromEntries(changed);
}

function isWorkflow(value: unknown): value is Workflow {
  const nodes = isObject(value) ? Object.values(value) : [];
  return nodes.length > 0 && nodes.every((node) => isObject(node) && typeof node.class_type === "string");
}

/** Makes the benchmark's payloads of a workflow: each run is a request of its own. */
export function workflowPayload(workflow: Workflow): NonNullable<BenchmarkConfig["generator"]> {
  return () => ({ input: { request_id: randomUUID(), workflow_json: workflow } });
}
