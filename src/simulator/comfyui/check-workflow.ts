import { type InputSpec, nodeClass } from "./node-classes.js";
import { dependenciesOf, isListed, linkOf, nodeOf, type Workflow, type WorkflowNode } from "./workflow.js";

/** A validation error of a workflow, as ComfyUI reports it. */
interface ValidationError {
  readonly type: string;
  readonly message: string;
  readonly details: string;
  readonly extra_info: Readonly<Record<string, unknown>>;
}

/** The validation errors of a node. */
interface NodeErrors {
  readonly errors: readonly ValidationError[];
  /** Ids of the nodes that save nothing because of it. */
  readonly dependent_outputs: readonly string[];
  readonly class_type: string;
}

/** The body of the answer to an invalid workflow. */
export interface RefusedWorkflow {
  readonly error: ValidationError;
  readonly node_errors: Readonly<Record<string, NodeErrors>>;
}

/** Longer lists are not printed. */
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
  const nodeErrors: Record<string, NodeErrors> = {};
  for (const output of outputs) {
    for (const id of dependenciesOf(workflow, output)) {
      const node = workflow[id];
      const errors = node ? errorsOf(node, workflow) : [];
      if (!node || errors.length === 0) continue;
      const before = nodeErrors[id]?.dependent_outputs ?? [];
      nodeErrors[id] = { errors, dependent_outputs: [...before, output], class_type: node.class_type };
    }
  }
  if (Object.keys(nodeErrors).length === 0) return { workflow };
  return refused("prompt_outputs_failed_validation", "Prompt outputs failed validation", "", nodeErrors);
}

const MISSING_CLASS = "Cannot execute because a node is missing the class_type property.";

/** Whether a node saves something. */
export const isOutput = (workflow: Workflow, id: string): boolean =>
  nodeClass(workflow[id]?.class_type ?? "")?.output_node === true;

const refused = (
  type: string,
  message: string,
  details: string,
  node_errors: Readonly<Record<string, NodeErrors>> = {},
) => ({ refused: { error: validationError(type, message, details), node_errors } });

const validationError = (
  type: string,
  message: string,
  details: string,
  extra_info = {},
): ValidationError => ({
  type,
  message,
  details,
  extra_info,
});

function errorsOf(node: WorkflowNode, workflow: Workflow): readonly ValidationError[] {
  const { required, optional = {} } = nodeClass(node.class_type)?.input ?? { required: {} };
  const errors: (ValidationError | undefined)[] = [];
  for (const [name, spec] of Object.entries({ ...required, ...optional })) {
    const value = node.inputs[name];
    if (value !== undefined) errors.push(inputError(name, spec, value, workflow));
    else if (name in required) {
      errors.push(
        validationError("required_input_missing", "Required input is missing", name, { input_name: name }),
      );
    }
  }
  return errors.filter((each) => each !== undefined);
}

function inputError(
  name: string,
  [type, limits = {}]: InputSpec,
  value: unknown,
  workflow: Workflow,
): ValidationError | undefined {
  const about = { input_name: name, received_value: value };
  if (isListed(value)) return linkError(name, type, value, workflow);
  if (isListed(type)) {
    if (type.includes(String(value))) return undefined;
    const list = type.length > LISTED ? `(list of length ${type.length})` : pythonList(type);
    return validationError(
      "value_not_in_list",
      "Value not in list",
      `${name}: '${value}' not in ${list}`,
      about,
    );
  }
  if (type !== "INT" && type !== "FLOAT") {
    if (type === "STRING") return undefined;
    return validationError("bad_linked_input", BAD_LINK, `${name}, received ${JSON.stringify(value)}`, about);
  }
  const number = typeof value === "string" && value.trim() === "" ? Number.NaN : Number(value);
  if (
    !Number.isFinite(number) ||
    (type === "INT" && typeof value === "string" && !Number.isInteger(number))
  ) {
    const message = `Failed to convert an input value to a ${type} value`;
    return validationError("invalid_input_type", message, `${name}, ${value}`, about);
  }
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = limits;
  if (number < min) {
    return validationError(
      "value_smaller_than_min",
      `Value ${number} smaller than min of ${min}`,
      name,
      about,
    );
  }
  if (number > max) {
    return validationError("value_bigger_than_max", `Value ${number} bigger than max of ${max}`, name, about);
  }
  return undefined;
}

const BAD_LINK = "Bad linked input, must be a length-2 list of [node_id, slot_index]";

function linkError(
  name: string,
  type: InputSpec[0],
  value: readonly unknown[],
  workflow: Workflow,
): ValidationError | undefined {
  const about = { input_name: name, received_value: value };
  const link = linkOf(value);
  if (!link)
    return validationError("bad_linked_input", BAD_LINK, `${name}, received ${JSON.stringify(value)}`, about);
  const [id, slot] = link;
  const from = nodeClass(workflow[id]?.class_type ?? "");
  if (!from) {
    const message = "Exception when validating inner node";
    return validationError("exception_during_inner_validation", message, `'${id}'`, about);
  }
  const received = from.output[slot];
  if (received === type || (received === "STRING" && isListed(type))) return undefined;
  const details = `${name}, received_type(${received}) mismatch input_type(${isListed(type) ? "COMBO" : type})`;
  return validationError("return_type_mismatch", "Return type mismatch between linked nodes", details, about);
}

/** A list of texts as Python prints it. */
const pythonList = (texts: readonly string[]): string => `[${texts.map((text) => `'${text}'`).join(", ")}]`;
