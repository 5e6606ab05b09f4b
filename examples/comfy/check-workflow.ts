import type { Payload } from "tsworker";
import { type Faults, faultsOf, integer, isObject, type Rule } from "../checks/payload.js";
import type { NodeCatalog } from "./node-catalog.js";

const FIELD = "input.workflow_json";

/** Pixels of a picture for each element of a latent image, in each direction. */
const STEP = 8;

const inRange = integer(16, 16_384);

/** A width or a height in pixels. */
export const side: Rule = (value, payload) => {
  const expected = inRange(value, payload);
  if (expected !== undefined || Number(value) % STEP === 0) return expected;
  const below = Number(value) - (Number(value) % STEP);
  return `must be a multiple of ${STEP}, such as ${below} or ${below + STEP}`;
};

/** Checks a workflow before ComfyUI does, whose message goes to its log only. */
export function checkWorkflow(workflow: unknown, catalog: NodeCatalog, faults: Faults): void {
  if (!isObject(workflow)) {
    faults[FIELD] =
      `must be the workflow itself, an object, not ${typeof workflow === "string" ? "its text" : "a list"}`;
    return;
  }
  if (Array.isArray(workflow.nodes) || "last_node_id" in workflow) {
    faults[FIELD] =
      'is in the format of the editor; in ComfyUI, choose "Export (API)" in the menu "Workflow", and send that file';
    return;
  }
  if (isObject(workflow.prompt) && !workflow.prompt.class_type) {
    faults[FIELD] = 'has its nodes under "prompt": send what is under it';
    return;
  }
  for (const [id, value] of Object.entries(workflow)) checkNode(id, value, workflow, catalog, faults);
}

function checkNode(
  id: string,
  value: unknown,
  workflow: Payload,
  catalog: NodeCatalog,
  faults: Faults,
): void {
  const { class_type, inputs } = isObject(value) ? value : {};
  if (typeof class_type !== "string") {
    faults[`${FIELD}.${id}`] = "is no node: it has no class_type";
    return;
  }
  const unknown = catalog.classFault(class_type);
  if (unknown !== undefined) faults[`${FIELD}.${id}.class_type`] = unknown;
  for (const [name, input] of Object.entries(isObject(inputs) ? inputs : {})) {
    const fault = inputFault(class_type, name, input, workflow, catalog);
    if (fault !== undefined) faults[`${FIELD}.${id}.inputs.${name}`] = fault;
  }
}

function inputFault(
  classType: string,
  name: string,
  input: unknown,
  workflow: Payload,
  catalog: NodeCatalog,
): string | undefined {
  if (Array.isArray(input)) {
    const [id] = input;
    const isLink = input.length === 2 && typeof id === "string";
    return isLink && !Object.hasOwn(workflow, id) ? `is linked to node ${id}, which is not there` : undefined;
  }
  if (/^Empty.*Latent/.test(classType) && (name === "width" || name === "height"))
    return faultsOf({ [name]: side }, { [name]: input })[name];
  return catalog.choiceFault(classType, name, input);
}
