import { type InputSpec, nodeClass } from "./node-classes.js";
import { isListed, linkOf, neededBy, nodeOf, type Workflow, type WorkflowNode } from "./workflow.js";

/** One thing that is wrong with a workflow, as ComfyUI tells it. */
interface Fault {
  readonly type: string;
  readonly message: string;
  readonly details: string;
  readonly extra_info: Readonly<Record<string, unknown>>;
}

/** What is wrong with a node. */
interface NodeFaults {
  readonly errors: readonly Fault[];
  /** Ids of the nodes that save nothing because of it. */
  readonly dependent_outputs: readonly string[];
  readonly class_type: string;
}

/** Why ComfyUI does not execute a workflow: the body of its answer. */
export interface RefusedWorkflow {
  readonly error: Fault;
  readonly node_errors: Readonly<Record<string, NodeFaults>>;
}

/** ComfyUI prints no longer list than this. */
const LISTED = 20;

/** Checks a workflow as ComfyUI does before it executes it. */
export function checkWorkflow(
  given: Readonly<Record<string, unknown>>,
): { readonly workflow: Workflow } | { readonly refused: RefusedWorkflow } {
  const workflow: Record<string, WorkflowNode> = {};
  for (const [id, value] of Object.entries(given)) {
    const node = nodeOf(value);
    if (!node) return refused("invalid_prompt", MISSING_CLASS, `Node ID '#${id}'`);
    if (!nodeClass(node.class_type)) {
      const message = `Cannot execute because node ${node.class_type} does not exist.`;
      return refused("invalid_prompt", message, `Node ID '#${id}'`);
    }
    workflow[id] = node;
  }
  const outputs = Object.keys(workflow).filter((id) => isOutput(workflow, id));
  if (outputs.length === 0) return refused("prompt_no_outputs", "Prompt has no outputs", "");
  const faults: Record<string, NodeFaults> = {};
  for (const output of outputs) {
    for (const id of neededBy(workflow, output)) {
      const node = workflow[id];
      const errors = node ? faultsOf(node, workflow) : [];
      if (!node || errors.length === 0) continue;
      const before = faults[id]?.dependent_outputs ?? [];
      faults[id] = { errors, dependent_outputs: [...before, output], class_type: node.class_type };
    }
  }
  if (Object.keys(faults).length === 0) return { workflow };
  return refused("prompt_outputs_failed_validation", "Prompt outputs failed validation", "", faults);
}

const MISSING_CLASS = "Cannot execute because a node is missing the class_type property.";

/** Whether a node saves something. */
export const isOutput = (workflow: Workflow, id: string): boolean =>
  nodeClass(workflow[id]?.class_type ?? "")?.output_node === true;

const refused = (
  type: string,
  message: string,
  details: string,
  node_errors: Readonly<Record<string, NodeFaults>> = {},
) => ({ refused: { error: fault(type, message, details), node_errors } });

const fault = (type: string, message: string, details: string, extra_info = {}): Fault => ({
  type,
  message,
  details,
  extra_info,
});

function faultsOf(node: WorkflowNode, workflow: Workflow): readonly Fault[] {
  const { required, optional = {} } = nodeClass(node.class_type)?.input ?? { required: {} };
  const faults: (Fault | undefined)[] = [];
  for (const [name, spec] of Object.entries({ ...required, ...optional })) {
    const value = node.inputs[name];
    if (value !== undefined) faults.push(inputFault(name, spec, value, workflow));
    else if (name in required) {
      faults.push(fault("required_input_missing", "Required input is missing", name, { input_name: name }));
    }
  }
  return faults.filter((each) => each !== undefined);
}

function inputFault(
  name: string,
  [type, limits = {}]: InputSpec,
  value: unknown,
  workflow: Workflow,
): Fault | undefined {
  const about = { input_name: name, received_value: value };
  if (isListed(value)) return linkFault(name, type, value, workflow);
  if (isListed(type)) {
    if (type.includes(String(value))) return undefined;
    const list = type.length > LISTED ? `(list of length ${type.length})` : pythonList(type);
    return fault("value_not_in_list", "Value not in list", `${name}: '${value}' not in ${list}`, about);
  }
  if (type !== "INT" && type !== "FLOAT") {
    if (type === "STRING") return undefined;
    return fault("bad_linked_input", BAD_LINK, `${name}, received ${JSON.stringify(value)}`, about);
  }
  const number = typeof value === "string" && value.trim() === "" ? Number.NaN : Number(value);
  if (
    !Number.isFinite(number) ||
    (type === "INT" && typeof value === "string" && !Number.isInteger(number))
  ) {
    const message = `Failed to convert an input value to a ${type} value`;
    return fault("invalid_input_type", message, `${name}, ${value}`, about);
  }
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = limits;
  if (number < min) {
    return fault("value_smaller_than_min", `Value ${number} smaller than min of ${min}`, name, about);
  }
  if (number > max) {
    return fault("value_bigger_than_max", `Value ${number} bigger than max of ${max}`, name, about);
  }
  return undefined;
}

const BAD_LINK = "Bad linked input, must be a length-2 list of [node_id, slot_index]";

function linkFault(
  name: string,
  type: InputSpec[0],
  value: readonly unknown[],
  workflow: Workflow,
): Fault | undefined {
  const about = { input_name: name, received_value: value };
  const link = linkOf(value);
  if (!link) return fault("bad_linked_input", BAD_LINK, `${name}, received ${JSON.stringify(value)}`, about);
  const [id, slot] = link;
  const from = nodeClass(workflow[id]?.class_type ?? "");
  if (!from) {
    const message = "Exception when validating inner node";
    return fault("exception_during_inner_validation", message, `'${id}'`, about);
  }
  const received = from.output[slot];
  if (received === type || (received === "STRING" && isListed(type))) return undefined;
  const details = `${name}, received_type(${received}) mismatch input_type(${isListed(type) ? "COMBO" : type})`;
  return fault("return_type_mismatch", "Return type mismatch between linked nodes", details, about);
}

/** A list of texts as Python prints it. */
const pythonList = (texts: readonly string[]): string => `[${texts.map((text) => `'${text}'`).join(", ")}]`;
